package cases

import (
	"slices"

	"handrail/events"
)

// drawing is the timeline as a picture: a lane for each organisation, a dot for each
// statement under the number that it has in the list, and an arrow to whom it is
// addressed. All lengths are in the picture's own units.
type drawing struct {
	Width, Height int
	Lanes         []lane
	Dots          []dot
	Arrows        []arrow
}

// lane is the line of one organisation.
type lane struct {
	Agency events.AgencyID
	Hub    bool
	Y      int
}

// dot is one statement.
type dot struct {
	X, Y, Place int
	Kind        string // own, hub, late, waiting
}

// arrow leads from who says something to whom it is said.
type arrow struct{ X, From, To int }

const (
	names   = 210 // width of the lanes' names
	step    = 46  // between two statements
	between = 58  // between two lanes
	margin  = 30
	radius  = 12
)

// draw makes the picture; nil if there is nothing to see in it that the list does not
// say better.
func draw(lines []said) *drawing {
	if len(lines) < 2 {
		return nil
	}
	d := &drawing{Width: names + step*len(lines) + margin}
	for _, line := range lines {
		d.lane(line.By)
		for _, to := range line.To {
			d.lane(to)
		}
	}
	d.Height = margin + between*len(d.Lanes)
	for i, line := range lines {
		at := dot{X: names + step*i + step/2, Y: d.lane(line.By), Place: line.Place}
		switch {
		case line.Waiting:
			at.Kind = "waiting"
		case line.Missed || line.Late:
			at.Kind = "late"
		case line.Hub:
			at.Kind = "hub"
		}
		d.Dots = append(d.Dots, at)
		for _, to := range line.To {
			if y := d.lane(to); y > at.Y {
				d.Arrows = append(d.Arrows, arrow{at.X, at.Y + radius, y - 6})
			} else if y < at.Y {
				d.Arrows = append(d.Arrows, arrow{at.X, at.Y - radius, y + 6})
			}
		}
	}
	return d
}

// lane is where the line of an organisation is; a new one stands below all others.
func (d *drawing) lane(of events.AgencyID) int {
	if at := slices.IndexFunc(d.Lanes, func(l lane) bool { return l.Agency == of }); at >= 0 {
		return d.Lanes[at].Y
	}
	d.Lanes = append(d.Lanes, lane{Agency: of, Hub: of == events.HubAgency, Y: margin + between*len(d.Lanes)})
	return d.Lanes[len(d.Lanes)-1].Y
}

// Ends serve the template: where a lane's line begins and ends.
func (d drawing) Begin() int { return names - 10 }

// End is where a lane's line ends.
func (d drawing) End() int { return d.Width - margin/2 }
