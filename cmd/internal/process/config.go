package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/knadh/koanf/v2"
)

const variablePrefix = "HANDRAIL_"

// LoadConfig fills config, a pointer to a flat struct that holds the defaults and names its keys in json tags: first
// from the JSON file, unless its name is empty, then from the environment (KEY=value), where the key "log-dir" is
// HANDRAIL_LOG_DIR. Durations are written as "72h". A key that the struct does not have is an error in the file; in
// the environment it belongs to something else. All errors have exit code 2.
func LoadConfig(config any, file string, environ []string) error {
	known, err := configKeys(config)
	if err != nil {
		return err
	}
	fromFile, err := readSettings(file)
	if err != nil {
		return usage("reading configuration: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(fromFile)) {
		if !slices.Contains(known, key) {
			return usage("%s: there is no setting %q; settings are %s", file, key, strings.Join(known, ", "))
		}
	}
	layers := koanf.New("\x00") // no delimiter: keys are flat
	for _, layer := range []settings{fromFile, environmentSettings(known, environ)} {
		if err := layers.Load(layer, nil); err != nil {
			return usage("merging configuration: %w", err)
		}
	}
	if err := layers.UnmarshalWithConf("", config, koanf.UnmarshalConf{Tag: "json"}); err != nil {
		return usage("configuration: %w", err)
	}
	return nil
}

func configKeys(config any) ([]string, error) {
	kind := reflect.TypeOf(config)
	if kind == nil || kind.Kind() != reflect.Pointer || kind.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("configuration is a %T, not a pointer to a struct", config)
	}
	var keys []string
	for _, field := range reflect.VisibleFields(kind.Elem()) {
		if key, _, _ := strings.Cut(field.Tag.Get("json"), ","); key != "" && key != "-" {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func readSettings(file string) (settings, error) {
	if file == "" {
		return nil, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var values settings
	if err := json.Unmarshal(content, &values); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return values, nil
}

func environmentSettings(known, environ []string) settings {
	values := settings{}
	for _, key := range known {
		variable := variablePrefix + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
		for _, entry := range environ {
			if value, found := strings.CutPrefix(entry, variable+"="); found {
				values[key] = value
			}
		}
	}
	return values
}

// settings is one layer of configuration, as koanf reads it.
type settings map[string]any

// Read returns the layer.
func (s settings) Read() (map[string]any, error) { return s, nil }

// ReadBytes is koanf's other way to read, for layers that need a parser.
func (settings) ReadBytes() ([]byte, error) { return nil, errors.New("settings are parsed already") }
