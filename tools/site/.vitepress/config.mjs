// The site of the manual, which is made of the pages in docs.
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { defineConfig } from 'vitepress'

import { contents } from './contents.mjs'
import { anchor, links } from './links.mjs'
import { docs, repository } from './places.mjs'

const require = createRequire(import.meta.url)

export default defineConfig({
  title: 'fxrestate',
  description: 'Durable services in Go, wired by fx',
  lang: 'en',
  srcDir: docs,
  outDir: 'dist',
  rewrites: { 'README.md': 'index.md' },
  head: [['link', { rel: 'icon', href: icon() }]],
  markdown: {
    anchor: { slugify: anchor },
    config: links,
  },
  themeConfig: {
    sidebar: contents(),
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: repository }],
    editLink: { pattern: `${repository}/edit/main/docs/:path`, text: 'Edit this page' },
  },
  vite: {
    // The pages are outside this folder, where what they are compiled to would not find Vue.
    resolve: { alias: { vue: dirname(require.resolve('vue/package.json')) } },
  },
})

// icon is a part of the page, so that a browser asks for no other.
function icon() {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M13 8a5 5 0 1 1-2-4M11 1v3h-3" fill="none" stroke="#3451b2" stroke-width="2"/></svg>`
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}
