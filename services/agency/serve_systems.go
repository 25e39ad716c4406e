package agency

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"handrail/contracts/schemas"
	"handrail/events"
)

// systemRoutes is what the agency's own systems may use, as
// contracts/agency.openapi.yaml publishes it: they file forms, say what they
// know, ask what became of it, and fetch what the hub delivered.
func (a *Agency) systemRoutes() http.Handler {
	mux := http.NewServeMux()
	api := a.describe(mux)
	mux.HandleFunc("GET /v1/openapi.yaml", func(w http.ResponseWriter, r *http.Request) { a.serveDescription(w, r, api) })
	mux.HandleFunc("GET /v1/schemas/{file}", a.serveSchema)
	mux.HandleFunc("/", a.missing)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}

// describe registers every operation. The document that api gives of itself
// is the same for every agency.
func (a *Agency) describe(mux *http.ServeMux) huma.API {
	api := newSystemsAPI(mux)
	a.describeEvents(api)
	a.describeForms(api)
	a.describeSubmissions(api)
	a.describeDeliveries(api)
	a.describeOpening(api)
	a.describeSelf(api)
	makePrecise(api)
	return api
}

func (a *Agency) serveDescription(w http.ResponseWriter, r *http.Request, api huma.API) {
	text, err := description(api)
	if err != nil {
		a.refuse(r.Context(), w, err)
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
func (a *Agency) serveSchema(w http.ResponseWriter, r *http.Request) {
	for _, t := range events.Types() {
		if schemas.FileName(t) != r.PathValue("file") {
			continue
		}
		text, err := schemas.Of(t)
		if err != nil {
			a.refuse(r.Context(), w, err)
			return
		}
		w.Header().Set("Content-Type", "application/schema+json")
		_, _ = w.Write(text) // whoever asked has gone
		return
	}
	a.missing(w, r)
}
