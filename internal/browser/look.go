//go:build browser

package browser

import "testing"

// Overflow returns by how many pixels the page is wider than the window, and what in it is.
func (tab *Tab) Overflow(t testing.TB) (pixels int, elements []string) {
	t.Helper()
	var found struct {
		Pixels   int
		Elements []string
	}
	tab.Eval(t, `(() => {
		const width = document.documentElement.clientWidth
		return {
			Pixels: document.documentElement.scrollWidth - width,
			Elements: [...document.body.querySelectorAll('*')].filter(e => {
				const r = e.getBoundingClientRect()
				return r.right > width + 1 && r.width > 1
			}).map(e => e.tagName + '.' + e.className + ' ' + e.textContent.trim().slice(0, 60)),
		}
	})()`, &found)
	return found.Pixels, found.Elements
}

// Text is a text of a page with its contrast.
type Text struct {
	Text     string
	Color    string
	On       string
	Contrast float64
}

// Texts returns each text that is shown, with its contrast to what is behind it, as WCAG
// computes it. It knows of colours, not of pictures or gradients.
func (tab *Tab) Texts(t testing.TB) []Text {
	t.Helper()
	var texts []Text
	tab.Eval(t, `(() => {
		const parse = c => { const n = c.match(/[\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n }
		const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1)
		const behind = e => {
			if (!e) return matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18, 1] : [255, 255, 255, 1]
			const c = parse(getComputedStyle(e).backgroundColor)
			return c[3] === 1 ? c : over(c, behind(e.parentElement))
		}
		const light = c => {
			const [r, g, b] = c.slice(0, 3).map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 })
			return .2126 * r + .7152 * g + .0722 * b
		}
		const out = []
		const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
		while (walk.nextNode()) {
			const text = walk.currentNode.data.trim(), e = walk.currentNode.parentElement
			if (!text || !e.checkVisibility() || ['SCRIPT', 'STYLE'].includes(e.tagName)) continue
			const on = behind(e), color = over(parse(getComputedStyle(e).color), on)
			const [a, b] = [light(color), light(on)].sort((x, y) => y - x)
			out.push({Text: text.slice(0, 60), Color: color.slice(0, 3).map(Math.round).join(','), On: on.slice(0, 3).map(Math.round).join(','), Contrast: (a + .05) / (b + .05)})
		}
		return out
	})()`, &texts)
	return texts
}
