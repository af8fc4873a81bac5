// A PNG of at most 256 colours, which is all that flat cards and text need and a third of the size. Reads what Chromium
// writes: 8 bits for each of RGB or RGBA, not interlaced.
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MAX_COLOURS = 256;
const COMMON_COLOURS = 96;
const INDEXED = 3;

interface Image {
  readonly width: number;
  readonly height: number;
  /** A number of 24 bits for each. */
  readonly pixels: Uint32Array;
}

/** The same picture in a palette; a colour that is not in it becomes the nearest that is. */
export function toPalette(png: Buffer): Buffer {
  const { width, height, pixels } = decode(png);
  const counts = new Map<number, number>();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const palette = choose(counts);
  const indexes = new Map([...counts.keys()].map((colour) => [colour, nearest(colour, palette)]));
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) rows[y * (width + 1) + x + 1] = indexes.get(pixels[y * width + x] ?? 0) ?? 0;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, INDEXED, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 0xff, colour & 0xff]));
  const data = deflateSync(rows, { level: 9, memLevel: 9 });
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('PLTE', colours), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

/** The commonest colours, and then those that are least like what was chosen: an emoji is small, and red all the same. */
function choose(counts: ReadonlyMap<number, number>): readonly number[] {
  const colours = [...counts].toSorted(([, a], [, b]) => b - a).map(([colour]) => colour);
  const chosen = colours.slice(0, COMMON_COLOURS);
  const left = colours
    .slice(COMMON_COLOURS)
    .map((colour) => ({ colour, gap: Math.min(...chosen.map((other) => distance(colour, other))) }));
  while (chosen.length < MAX_COLOURS && left.length > 0) {
    const next = left.reduce((best, candidate) => (candidate.gap > best.gap ? candidate : best));
    if (next.gap === 0) break;
    chosen.push(next.colour);
    for (const candidate of left) candidate.gap = Math.min(candidate.gap, distance(candidate.colour, next.colour));
  }
  return chosen;
}

function nearest(colour: number, palette: readonly number[]): number {
  let best = 0;
  for (const [index, candidate] of palette.entries()) {
    if (distance(colour, candidate) < distance(colour, palette[best] ?? 0)) best = index;
  }
  return best;
}

function distance(a: number, b: number): number {
  return squared(a, b, 16) + squared(a, b, 8) + squared(a, b, 0);
}

function squared(a: number, b: number, shift: number): number {
  return (((a >> shift) & 0xff) - ((b >> shift) & 0xff)) ** 2;
}

function chunk(name: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}

function decode(png: Buffer): Image {
  const chunks = chunksOf(png);
  const header = chunks.find(({ name }) => name === 'IHDR')?.data;
  const channels = { 2: 3, 6: 4 }[header?.[9] ?? 0];
  if (header === undefined || channels === undefined || header[8] !== 8 || header[12] !== 0) throw new Error('a PNG of another kind');
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const raw = inflateSync(Buffer.concat(chunks.filter(({ name }) => name === 'IDAT').map(({ data }) => data)));
  const bytes = unfilter(raw, width * channels, channels);
  const pixels = Uint32Array.from({ length: width * height }, (_, index) => bytes.readUIntBE(index * channels, 3));
  return { width, height, pixels };
}

function chunksOf(png: Buffer): readonly { readonly name: string; readonly data: Buffer }[] {
  const chunks: { name: string; data: Buffer }[] = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    chunks.push({ name: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += length + 12;
  }
  return chunks;
}

/** https://www.w3.org/TR/png-3/#9Filters: each line says how it was written. */
function unfilter(raw: Buffer, lineBytes: number, step: number): Buffer {
  const lines = raw.length / (lineBytes + 1);
  const bytes = Buffer.alloc(lines * lineBytes);
  for (let line = 0; line < lines; line += 1) {
    const filter = raw[line * (lineBytes + 1)] ?? 0;
    for (let index = 0; index < lineBytes; index += 1) {
      const at = line * lineBytes + index;
      const left = index < step ? 0 : (bytes[at - step] ?? 0);
      const up = line === 0 ? 0 : (bytes[at - lineBytes] ?? 0);
      const upLeft = line === 0 || index < step ? 0 : (bytes[at - lineBytes - step] ?? 0);
      bytes[at] = ((raw[line * (lineBytes + 1) + index + 1] ?? 0) + predicted(filter, { left, up, upLeft })) & 0xff;
    }
  }
  return bytes;
}

function predicted(filter: number, { left, up, upLeft }: { left: number; up: number; upLeft: number }): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const estimate = left + up - upLeft;
  const [toLeft, toUp, toUpLeft] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - upLeft)];
  if (toLeft <= toUp && toLeft <= toUpLeft) return left;
  return toUp <= toUpLeft ? up : upLeft;
}
