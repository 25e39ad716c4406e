package report

import (
	_ "embed"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed signs.yaml
var signsText []byte

// signList is a published list of signs. It is about forced labour; other ways of
// exploiting people have signs that it does not name.
type signList struct {
	Source string   `yaml:"source"`
	Signs  []string `yaml:"signs"`
}

//nolint:gochecknoglobals // read-only
var readList = sync.OnceValue(func() signList {
	var l signList
	if err := yaml.UnmarshalWithOptions(signsText, &l, yaml.Strict()); err != nil {
		return signList{} // a test reads it: an empty list shows there
	}
	return l
})

func list() signList { return readList() }

// codes lists the signs in the order of the list.
func codes() []string { return list().Signs }

// advice is the message of what so many signs say: a reason to talk on, never a verdict.
func advice(signs int) string {
	switch signs {
	case 0:
		return "report.advice.none"
	case 1:
		return "report.advice.one"
	}
	return "report.advice.several"
}
