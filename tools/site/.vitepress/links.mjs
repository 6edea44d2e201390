import { statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

import { docs, repository, root } from './places.mjs'

// anchor is the anchor that GitHub gives a heading, so that one link is good for both.
export function anchor(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-')
}

// links lets the links of the pages, which are made for GitHub, lead somewhere on the site.
export function links(md) {
  md.core.ruler.push('links', ({ tokens, env }) => {
    for (const token of tokens) {
      for (const part of [token, ...(token.children ?? [])]) {
        if (part.type === 'link_open') part.attrSet('href', onSite(part.attrGet('href'), env.path))
        if (part.type === 'html_inline' || part.type === 'html_block') part.content = withPictures(part.content)
      }
    }
  })
}

// onSite returns where a link of a page leads: another page stays what it is, and all else in
// the repository is read on GitHub.
function onSite(href, page) {
  if (/^(#|[a-z]+:)/.test(href)) return href
  const [path, hash] = href.split('#')
  if (path === 'README.md') return hash ? `index.md#${hash}` : 'index.md'
  const target = join(dirname(page), path)
  if (dirname(target) === docs && path.endsWith('.md')) return href
  const kind = statSync(target).isDirectory() ? 'tree' : 'blob'
  return `${repository}/${kind}/main/${relative(root, target)}${hash ? `#${hash}` : ''}`
}

// withPictures lets the build find the pictures of HTML, which are beside the page.
function withPictures(html) {
  return html.replace(/(<img [^>]*\bsrc=")(?=[\w-]+\.\w+")/g, '$1./')
}
