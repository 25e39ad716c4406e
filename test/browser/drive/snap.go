package drive

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"slices"
)

// Snap is a small picture of the page for a document: the part from the element of a
// CSS selector down, in a window of the given size, with at most 256 colours.
func (p *Page) Snap(css string, width, height int) []byte {
	p.t.Helper()
	if err := p.sized(width, height); err != nil {
		p.fatal("%v", err)
	}
	p.Evaluate(fmt.Sprintf("document.activeElement.blur(); document.querySelector(%q).scrollIntoView({block: 'start', behavior: 'instant'}); document.fonts.ready.then(() => true)", css))
	picture, err := p.shot()
	if err != nil {
		p.fatal("taking a picture: %v", err)
	}
	if err := p.window(0); err != nil {
		p.fatal("%v", err)
	}
	small, err := fewColours(picture)
	if err != nil {
		p.fatal("taking a picture: %v", err)
	}
	return small
}

// fewColours writes a PNG anew with the 256 colours that most of its points have.
func fewColours(picture []byte) ([]byte, error) {
	full, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, err
	}
	counts := map[color.RGBA]int{}
	bounds := full.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[at(full, x, y)]++
		}
	}
	ranked := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), bytes.Compare([]byte{a.R, a.G, a.B}, []byte{b.R, b.G, b.B}))
	})
	palette := color.Palette{}
	for _, c := range ranked[:min(len(ranked), 256)] {
		palette = append(palette, c)
	}
	few := image.NewPaletted(bounds, palette)
	nearest := map[color.RGBA]uint8{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := at(full, x, y)
			index, known := nearest[c]
			if !known {
				index = uint8(palette.Index(c)) //nolint:gosec // a palette has 256 colours at most
				nearest[c] = index
			}
			few.SetColorIndex(x, y, index)
		}
	}
	var small bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, few)
	return small.Bytes(), err
}

func at(i image.Image, x, y int) color.RGBA {
	r, g, b, _ := i.At(x, y).RGBA()
	return color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255} //nolint:gosec // eight bits of sixteen
}
