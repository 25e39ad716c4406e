package systems

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"handrail/contracts/schemas"
	"handrail/events"
	"handrail/services/agency"
)

// routes is what the agency's own systems may use, once they are let in.
func (s *Systems) routes() http.Handler {
	mux := http.NewServeMux()
	api := s.describe(mux)
	mux.HandleFunc("GET /v1/openapi.yaml", func(w http.ResponseWriter, r *http.Request) { s.serveDescription(w, r, api) })
	mux.HandleFunc("GET /v1/schemas/{file}", s.serveSchema)
	mux.HandleFunc("/", s.missing)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}

// describe registers every operation. The document that api gives of itself
// is the same for every agency.
func (s *Systems) describe(mux *http.ServeMux) huma.API {
	api := newSystemsAPI(mux)
	s.describeEvents(api)
	s.describeForms(api)
	s.describeSubmissions(api)
	s.describeDeliveries(api)
	s.describeOpening(api)
	s.describeSelf(api)
	makePrecise(api)
	return api
}

func (s *Systems) serveDescription(w http.ResponseWriter, r *http.Request, api huma.API) {
	text, err := description(api)
	if err != nil {
		s.agency.Refuse(r.Context(), w, err)
		return
	}
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(text) // whoever asked has gone
}

// description is what is published: the framework's document, its parts in the
// order in which people read them.
func description(api huma.API) ([]byte, error) {
	text, err := api.OpenAPI().YAML()
	if err != nil {
		return nil, fmt.Errorf("writing the description: %w", err)
	}
	parts := map[string][]byte{}
	part := ""
	for line := range bytes.Lines(text) {
		if name, _, found := bytes.Cut(line, []byte(":")); found && line[0] != ' ' {
			part = string(name)
		}
		parts[part] = append(parts[part], line...)
	}
	var ordered []byte
	for _, name := range []string{"openapi", "info", "tags", "security", "paths", "webhooks", "components"} {
		ordered = append(ordered, parts[name]...)
		delete(parts, name)
	}
	if len(parts) > 0 {
		return nil, errors.New("writing the description: the framework's document has a part that is not expected")
	}
	return ordered, nil
}

// serveSchema serves the schemas that the description refers to.
func (s *Systems) serveSchema(w http.ResponseWriter, r *http.Request) {
	for _, t := range events.Types() {
		if schemas.FileName(t) != r.PathValue("file") {
			continue
		}
		text, err := schemas.Of(t)
		if err != nil {
			s.agency.Refuse(r.Context(), w, err)
			return
		}
		w.Header().Set("Content-Type", "application/schema+json")
		_, _ = w.Write(text) // whoever asked has gone
		return
	}
	s.missing(w, r)
}

func (s *Systems) missing(w http.ResponseWriter, r *http.Request) {
	s.agency.Refuse(r.Context(), w, events.Refuse(agency.RuleNotFound, "", "there is nothing at this path"))
}
