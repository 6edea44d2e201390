import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { docs } from './places.mjs'

const heading = /^\| ([^|]*[^| ]) \| \|$/
const row = /^\| \[([^\]]+)\]\(([\w-]+)\.md\) \|/

// contents makes the sidebar of the tables of docs/README.md: each is a group, with a page in
// each row. Pages that its text links come behind them. It fails if a page is missing.
export function contents() {
  const start = readFileSync(join(docs, 'README.md'), 'utf8')
  const groups = []
  for (const line of start.split('\n')) {
    const [, title] = heading.exec(line) ?? []
    const [, text, page] = row.exec(line) ?? []
    if (title) groups.push({ text: title, items: [] })
    if (page) groups.at(-1).items.push({ text, link: `/${page}` })
  }
  const listed = new Set(groups.flatMap((g) => g.items.map((i) => i.link)))
  const others = [...start.matchAll(/\[([^\]]+)\]\(([\w-]+)\.md\)/g)]
    .map(([, text, page]) => ({ text, link: `/${page}` }))
    .filter(({ link }) => !listed.has(link))
  const all = [{ text: 'The manual', link: '/' }, ...groups, ...others]

  const missing = readdirSync(docs)
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .filter((file) => !start.includes(`](${file})`))
  if (missing.length > 0) throw new Error(`docs/README.md has no link to ${missing.join(', ')}`)
  return all
}
