package client

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/services/agency"
)

// Tasks lists the agency's open tasks, oldest first.
func (c *Client) Tasks(ctx context.Context) ([]agency.Task, error) {
	return List[agency.Task](ctx, c, "/v1/tasks", "tasks")
}

// Answer answers a task with words of the form name=value; a list is written
// with commas. It gives the ids of the events that the answer made.
func (c *Client) Answer(ctx context.Context, task agency.Task, words []string) ([]events.EventID, error) {
	body, err := Object(words, func(name string) string {
		i := slices.IndexFunc(task.Answer, func(f agency.Field) bool { return f.Name == name })
		if i < 0 {
			return ""
		}
		return task.Answer[i].Form
	})
	if err != nil {
		return nil, err
	}
	var made agency.Said
	return made.Events, c.Post(ctx, "/v1/tasks/"+url.PathEscape(string(task.ID))+"/answer", body, &made)
}

// Object builds a JSON object from words of the form name=value. formOf gives
// the form of a member, as in a task's answer; an unknown one is left to the
// service, which refuses it by name.
func Object(words []string, formOf func(name string) string) ([]byte, error) {
	members := map[string]jsontext.Value{}
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return nil, fmt.Errorf("write %q as name=value", word)
		}
		var member any = value
		switch formOf(name) {
		case "many":
			member = strings.Split(value, ",")
		case "yes-no":
			member = value == "yes" || value == "true"
		case "object", "number":
			member = jsontext.Value(value)
		}
		text, err := json.Marshal(member)
		if err != nil {
			return nil, fmt.Errorf("%s: write %s as JSON", name, name)
		}
		members[name] = text
	}
	return json.Marshal(members, json.Deterministic(true))
}
