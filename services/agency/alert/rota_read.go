package alert

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// What a rota looks like as it is written. Times and codes are text here, and
// are read by the checks, which know their places.
type (
	written struct {
		Timezone  string                   `yaml:"timezone"`
		Language  string                   `yaml:"language,omitempty"`
		Wait      writtenWait              `yaml:"wait"`
		Rounds    int                      `yaml:"rounds,omitempty"`
		Quiet     []writtenSpan            `yaml:"quiet,omitempty"`
		People    map[string]writtenPerson `yaml:"people"`
		Shifts    []writtenShift           `yaml:"shifts"`
		Otherwise []string                 `yaml:"otherwise,omitempty"`
		SMTP      *writtenSMTP             `yaml:"smtp,omitempty"`
		SMS       *writtenSMS              `yaml:"sms,omitempty"`
		Push      *writtenPush             `yaml:"push,omitempty"`
		CA        string                   `yaml:"ca,omitempty"`
	}
	writtenWait struct {
		Tonight  string `yaml:"tonight"`
		Standard string `yaml:"standard"`
	}
	writtenSpan struct {
		Days string `yaml:"days"`
		From string `yaml:"from"`
		To   string `yaml:"to"`
	}
	writtenShift struct {
		Days   string   `yaml:"days"`
		From   string   `yaml:"from"`
		To     string   `yaml:"to"`
		People []string `yaml:"people"`
	}
	writtenPerson struct {
		Webhook *writtenWebhook `yaml:"webhook,omitempty"`
		Mail    string          `yaml:"mail,omitempty"`
		SMS     string          `yaml:"sms,omitempty"`
		Push    bool            `yaml:"push,omitempty"`
	}
	writtenWebhook struct {
		URL    string `yaml:"url"`
		Secret string `yaml:"secret"`
	}
	writtenSMTP struct {
		Host     string `yaml:"host"`
		Port     int    `yaml:"port,omitempty"`
		Security string `yaml:"security,omitempty"`
		User     string `yaml:"user,omitempty"`
		Password string `yaml:"password,omitempty"`
		From     string `yaml:"from"`
	}
	writtenSMS struct {
		URL   string `yaml:"url"`
		Token string `yaml:"token,omitempty"`
		Body  string `yaml:"body,omitempty"`
	}
	writtenPush struct {
		Hosts   []string `yaml:"hosts"`
		Contact string   `yaml:"contact"`
	}
)

// ParseRota reads a rota, strictly: unknown and repeated keys, anchors, tags
// and a second document are errors, as is all that would leave an hour of the
// week without anybody to alert. The error names every field that is wrong.
func ParseRota(text []byte) (*Rota, error) {
	if len(text) > rotaBytes {
		return nil, fmt.Errorf("the file is larger than %d bytes", rotaBytes)
	}
	if err := plain(text); err != nil {
		return nil, err
	}
	w, err := readWritten(text)
	if err != nil {
		return nil, err
	}
	return w.rota()
}

// readWritten reads the form of a rota and checks nothing of what it says.
func readWritten(text []byte) (*written, error) {
	var w written
	decoder := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
	switch err := decoder.Decode(&w); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the file is empty")
	case err != nil:
		return nil, unquoted(err)
	}
	if err := decoder.Decode(new(written)); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file has more than one document")
	}
	return &w, nil
}

// maxDepth of a rota is 4; the reader is recursive, so a deep file is refused before it.
const maxDepth = 16

// plain refuses what YAML has and a rota does not need.
func plain(text []byte) error {
	depth := 0
	for _, t := range lexer.Tokenize(string(text)) {
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType, token.DirectiveType:
			return fmt.Errorf("line %d: anchors, aliases, tags and directives are not taken", t.Position.Line)
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		default:
		}
		if depth > maxDepth || t.Position.IndentNum > 8*maxDepth {
			return fmt.Errorf("line %d: this is nested too deeply", t.Position.Line)
		}
	}
	return nil
}

var keySyntax = regexp.MustCompile(`^[a-z_-]{1,24}$`)

// unquoted says where a rota cannot be read, without the lines around it that
// the YAML library would show: they may hold numbers and names.
func unquoted(err error) error {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil {
		return errors.New("this is not YAML")
	}
	var unknown *yaml.UnknownFieldError
	var repeated *yaml.DuplicateKeyError
	why, key := "this is not YAML, or not of the form that stands here", at.GetToken().Value
	if !keySyntax.MatchString(key) {
		key = ""
	}
	switch {
	case errors.As(err, &unknown):
		why = "a rota has no field of this name here"
	case errors.As(err, &repeated):
		why = "this field stands twice"
	default:
		key = ""
	}
	if key != "" {
		why = key + ": " + why
	}
	return fmt.Errorf("line %d: %s", at.GetToken().Position.Line, why)
}

// readPrivate reads a small file of the folder that nobody but its owner can read.
func readPrivate(dir, name string, limit int64) ([]byte, error) {
	file, err := os.Open(filepath.Join(dir, name)) //nolint:gosec // the operator's configuration names the directory, a rota only names files in it
	if err != nil {
		return nil, bare(err)
	}
	defer func() { _ = file.Close() }() // only read
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, bare(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a file")
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s is readable by others: run chmod 600 on it", name)
	}
	text, err := io.ReadAll(io.LimitReader(file, limit+1))
	switch {
	case err != nil:
		return nil, bare(err)
	case int64(len(text)) > limit:
		return nil, fmt.Errorf("the file is larger than %d bytes", limit)
	}
	return text, nil
}

// bare is an error of the file system without the path.
func bare(err error) error {
	if at, ok := errors.AsType[*os.PathError](err); ok {
		return at.Err
	}
	return err
}
