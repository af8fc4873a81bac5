// How much work something is, whatever else the machine does meanwhile.

/** Processor time that the whole process takes until the work is done, in milliseconds. */
export async function cpuMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
