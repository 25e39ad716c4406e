// Package leaf cuts long lists into pages that are turned. Its template is leaf, which takes a [Leaf].
package leaf

import (
	"strconv"
	"strings"

	"handrail/services/web"
)

// Lines is how many lines one page of a list has.
const Lines = 50

// Leaf is one page of a list.
type Leaf struct {
	Page, Pages int

	list string // address of the list
}

// Of cuts a list to the page that a visit asks for, or to the first if there is no such. The address
// of the list may say more, as a query, but no page.
func Of[T any](v *web.Visit, address string, list []T) ([]T, Leaf) {
	l := Leaf{Page: 1, Pages: max(1, (len(list)+Lines-1)/Lines), list: address}
	if n, err := strconv.Atoi(v.URL.Query().Get("page")); err == nil && n > 0 && n <= l.Pages {
		l.Page = n
	}
	from := (l.Page - 1) * Lines
	return list[from:min(from+Lines, len(list))], l
}

// Before is the address of the page before; empty if there is none.
func (l Leaf) Before() string { return l.at(l.Page - 1) }

// Next is the address of the next page; empty if there is none.
func (l Leaf) Next() string { return l.at(l.Page + 1) }

func (l Leaf) at(page int) string {
	if page < 1 || page > l.Pages {
		return ""
	}
	with := "?"
	if strings.Contains(l.list, with) {
		with = "&"
	}
	return l.list + with + "page=" + strconv.Itoa(page)
}
