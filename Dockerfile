# One bundle on a plain Node image. Runs as nobody, on a read-only root; the store lives on what is mounted at /data. No volume
# is declared there: one that nobody asked for goes with its container and would look as if it stayed.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:24.21.0-bookworm-slim
COPY --from=build /src/dist /app
# A volume that is mounted there for the first time belongs to the same user.
RUN install --directory --owner=65534 --group=65534 /data
USER 65534:65534
WORKDIR /data
EXPOSE 9090 9292 8080 9440
ENTRYPOINT ["node", "/app/tocsin.js"]
CMD ["serve", "--manifests", "/manifests"]
