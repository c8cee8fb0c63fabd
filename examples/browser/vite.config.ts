import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  server: {
    // Threads share memory, which browsers allow to pages that are served with these two.
    headers: {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    },
    fs: { allow: ['../..'] },
  },
  // As on a host whose headers cannot be set: the page says that there are no threads, and why.
  preview: { headers: {} },
});
