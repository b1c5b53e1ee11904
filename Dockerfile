# syntax=docker/dockerfile:1
FROM node:20-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json tsconfig.json ./
COPY scripts ./scripts
COPY shared ./shared
COPY router ./router
COPY server ./server
COPY test ./test
RUN npm ci && npm prune --omit=dev

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist/shared ./dist/shared
COPY --from=build /build/dist/router ./dist/router
COPY --from=build /build/dist/server ./dist/server
USER node
EXPOSE 5222
ENTRYPOINT ["node", "/app/dist/server/main.js"]
CMD ["serve", "--host", "0.0.0.0"]
