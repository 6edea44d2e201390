package drawing

import (
	"cmp"
	"slices"
)

// place is where a box, or the bend of an arrow, is put. The layout is that of Sugiyama:
// boxes stand in layers from left to right, so that arrows lead to the right where they can,
// and an arrow that passes a layer has a bend in it.
type place struct {
	box           int // -1: a bend
	layer         int
	x, y          int
	width, height int
	weight        float64 // the order in its layer
}

// Distances, in pixels.
const (
	besides = 90 // between layers
	below   = 24 // between boxes of a layer
	margin  = 20
)

// route is the way of an arrow: the places that it passes, from its box to the other.
type route struct {
	arrow  arrow
	places []int
}

type layout struct {
	places        []place
	routes        []route
	width, height int
}

// arrange puts boxes of the given sizes into places.
func (g *graph) arrange(size func(box) (width, height int)) layout {
	var l layout
	layers := g.layers()
	for i, b := range g.boxes {
		p := place{box: i, layer: layers[i]}
		p.width, p.height = size(b)
		l.places = append(l.places, p)
	}
	for _, a := range g.arrows {
		if a.to >= 0 {
			l.routes = append(l.routes, l.bend(a, layers))
		}
	}
	l.order()
	l.position()
	return l
}

// layers returns the layer of each box: that after all boxes that lead to it, but for those
// that it leads back to.
func (g *graph) layers() []int {
	next := make([][]int, len(g.boxes))
	for _, a := range g.arrows {
		if a.to >= 0 && a.to != a.from {
			next[a.from] = append(next[a.from], a.to)
		}
	}
	const (
		fresh = iota
		open
		done
	)
	state := make([]int, len(g.boxes))
	var order []int // each box after those that it leads to
	forward := make([][]int, len(g.boxes))
	var visit func(i int)
	visit = func(i int) {
		state[i] = open
		for _, to := range next[i] {
			if state[to] == open {
				continue // a circle
			}
			forward[i] = append(forward[i], to)
			if state[to] == fresh {
				visit(to)
			}
		}
		state[i] = done
		order = append(order, i)
	}
	// Boxes that nobody leads to come first, so that circles are cut where one enters them.
	entered := make([]bool, len(g.boxes))
	for _, list := range next {
		for _, to := range list {
			entered[to] = true
		}
	}
	for _, second := range []bool{false, true} {
		for i := range g.boxes {
			if state[i] == fresh && entered[i] == second {
				visit(i)
			}
		}
	}
	layers := make([]int, len(g.boxes))
	for _, i := range slices.Backward(order) {
		for _, to := range forward[i] {
			layers[to] = max(layers[to], layers[i]+1)
		}
	}
	return layers
}

// bend returns the route of an arrow, with a place in each layer that it passes.
func (l *layout) bend(a arrow, layers []int) route {
	r := route{arrow: a, places: []int{a.from}}
	step := 1
	if layers[a.to] < layers[a.from] {
		step = -1
	}
	for at := layers[a.from] + step; at*step < layers[a.to]*step; at += step {
		r.places = append(r.places, len(l.places))
		l.places = append(l.places, place{box: -1, layer: at})
	}
	r.places = append(r.places, a.to)
	return r
}

// order sorts each layer by the middle of what leads there, from left to right.
func (l *layout) order() {
	before := make([][]int, len(l.places))
	for _, r := range l.routes {
		for i := 1; i < len(r.places); i++ {
			a, b := r.places[i-1], r.places[i]
			if l.places[a].layer > l.places[b].layer {
				a, b = b, a
			}
			if l.places[a].layer < l.places[b].layer {
				before[b] = append(before[b], a)
			}
		}
	}
	for i := range l.places {
		l.places[i].weight = float64(i)
	}
	for _, layer := range l.inLayers() {
		for _, i := range layer {
			if len(before[i]) == 0 {
				continue
			}
			sum := 0.0
			for _, b := range before[i] {
				sum += l.places[b].weight
			}
			l.places[i].weight = sum / float64(len(before[i]))
		}
		slices.SortStableFunc(layer, func(a, b int) int { return cmp.Compare(l.places[a].weight, l.places[b].weight) })
		for n, i := range layer {
			l.places[i].weight = float64(n)
		}
	}
}

// inLayers returns the places of each layer, in their order.
func (l *layout) inLayers() [][]int {
	var layers [][]int
	for i, p := range l.places {
		for len(layers) <= p.layer {
			layers = append(layers, nil)
		}
		layers[p.layer] = append(layers[p.layer], i)
	}
	for _, layer := range layers {
		slices.SortStableFunc(layer, func(a, b int) int { return cmp.Compare(l.places[a].weight, l.places[b].weight) })
	}
	return layers
}

// position sets the coordinates. Each layer is as wide as its widest box, and stands in the
// middle of the height.
func (l *layout) position() {
	layers := l.inLayers()
	heights := make([]int, len(layers))
	for n, layer := range layers {
		for _, i := range layer {
			heights[n] += l.places[i].height + below
		}
		heights[n] -= below
		l.height = max(l.height, heights[n]+2*margin)
	}
	x := margin
	for n, layer := range layers {
		width, y := 0, (l.height-heights[n])/2
		for _, i := range layer {
			width = max(width, l.places[i].width)
		}
		for _, i := range layer {
			p := &l.places[i]
			p.x, p.y = x, y
			p.width = width // boxes of a layer are as wide as each other, and bends pass it whole
			y += p.height + below
		}
		x += width + besides
	}
	l.width = x - besides + margin
}
