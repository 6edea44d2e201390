import { join, resolve } from 'node:path'

// root is the checkout, and docs has its pages.
export const root = resolve(import.meta.dirname, '../../..')
export const docs = join(root, 'docs')

// repository is where the checkout is read by everybody else.
export const repository = 'https://github.com/fxrestate/go'
