// Package assets holds what pages load: Designsystemet's CSS and theme, the Inter font, htmx with its server-sent
// events, and the site's own style. All of it is embedded, each file under a name that changes with its content, so
// that it may be kept for ever and a page never mixes versions.
//
// The versions and licences of the public ones are in files/README.md.
package assets

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed files
var files embed.FS

// Prefix is the path under which the files are served.
const Prefix = "/assets/"

// Set is the embedded files with their names of today.
type Set struct {
	address map[string]string // file name to path
	content map[string][]byte // path without prefix to content
}

// Load reads the embedded files.
func Load() (*Set, error) {
	set := &Set{address: map[string]string{}, content: map[string][]byte{}}
	var late []string // style sheets, which name other files
	err := fs.WalkDir(files, "files", func(name string, d fs.DirEntry, err error) error {
		short := strings.TrimPrefix(name, "files/")
		switch path.Ext(name) {
		case ".css":
			late = append(late, short)
		case ".js", ".woff2", ".svg", ".webmanifest":
			return set.add(short)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the pages' files: %w", err)
	}
	for _, name := range late {
		if err := set.add(name); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// add keeps one file. In a style sheet, url(fonts/x) becomes the address of that file.
func (s *Set) add(name string) error {
	text, err := files.ReadFile("files/" + name)
	if err != nil {
		return fmt.Errorf("reading the pages' files: %w", err)
	}
	if path.Ext(name) == ".css" {
		for other, address := range s.address {
			text = []byte(strings.ReplaceAll(string(text), "url("+other+")", "url("+address+")"))
		}
	}
	sum := sha256.Sum256(text)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	s.address[name], s.content[hashed] = Prefix+hashed, text
	return nil
}

// Address is the path of a file; an error if there is none of that name.
func (s *Set) Address(name string) (string, error) {
	if address, ok := s.address[name]; ok {
		return address, nil
	}
	return "", fmt.Errorf("there is no page file %q", name)
}

// ServeHTTP serves the files under [Prefix], to be kept for a year by whoever asks.
func (s *Set) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, Prefix)
	text, ok := s.content[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kindOf(name))
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(text) // whoever hung up needs no answer
}

// ServeFile serves the file of an address as it is today, to be kept by nobody.
func (s *Set) ServeFile(w http.ResponseWriter, address string) {
	name := strings.TrimPrefix(address, Prefix)
	w.Header().Set("Content-Type", kindOf(name))
	_, _ = w.Write(s.content[name]) // whoever hung up needs no answer
}

func kindOf(name string) string {
	return map[string]string{
		".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".woff2": "font/woff2",
		".svg": "image/svg+xml", ".webmanifest": "application/manifest+json",
	}[path.Ext(name)]
}
