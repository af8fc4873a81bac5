# One bundle on a plain Node image. Runs as nobody, on a read-only root; the store lives on the volume at /data.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:24.21.0-bookworm-slim
COPY --from=build /src/dist /app
USER 65534:65534
WORKDIR /data
VOLUME /data
EXPOSE 9090 9292 8080 9440
ENTRYPOINT ["node", "/app/tocsin.js"]
CMD ["serve", "--manifests", "/manifests"]
