package hsds

import _ "embed"

//go:embed testdata/lighthouse.json
var lighthouse string

// Example is the record of an invented shelter as its own directory would keep
// it, for demonstrations and tests. Nobody and nothing in it exists.
func Example() []byte { return []byte(lighthouse) }
