package ask

// Kind is how a question is answered.
type Kind string

// The kinds.
const (
	One    Kind = "one"    // one of a few, as cards to touch
	Many   Kind = "many"   // any of a list
	Pick   Kind = "pick"   // one of many, from a list that opens
	YesNo  Kind = "yes-no" // one of two
	Line   Kind = "line"   // a line of text
	Phone  Kind = "phone"  // a telephone number
	Text   Kind = "text"   // some sentences
	Count  Kind = "count"  // a small number
	Moment Kind = "moment" // a day and a time of day
	Nested Kind = "nested" // several questions under one
)

// Option is one answer to choose. Label and Hint are in the reader's language.
type Option struct {
	Value, Label, Hint string
	Chosen             bool
}

// Named are options that are known by their values.
func Named(values []string) []Option {
	options := make([]Option, len(values))
	for i, value := range values {
		options[i] = Option{Value: value, Label: value}
	}
	return options
}

// Group is options that stand together; one without a label is only they.
type Group struct {
	Label   string
	Options []Option
}

// Field is one question as it is shown. Its name is also its id in the page.
type Field struct {
	Name    string
	Kind    Kind
	Label   string
	Hint    string
	Problem string // what is wrong with the answer, and what to do
	Value   string
	Groups  []Group
	Fields  []Field // that stand under this one
	Most    int     // characters, or the largest number; 0: no such limit is told
	Free    bool    // it may be left out
	Beside  bool    // the options stand beside one another where there is room
	Quiet   bool    // the label is for screen readers: the text above says it

	Day, Clock string // of a moment
	Shown      string // what the form showed for now

	// Messages for what may be left out, and for a list of which nothing is picked; if they are
	// empty, those of this package.
	Mark, Blank string
}

// ByName gives the questions by their names, for a page that sets each itself.
func ByName(fields []Field) map[string]Field {
	byName := map[string]Field{}
	for _, f := range fields {
		byName[f.Name] = f
	}
	return byName
}
