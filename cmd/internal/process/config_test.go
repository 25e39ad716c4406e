package process

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type serviceConfig struct {
	Hub    string        `json:"hub"`
	LogDir string        `json:"log-dir"`
	Window int           `json:"window"`
	Wait   time.Duration `json:"wait"`
	secret string
}

func TestConfigurationIsLayered(t *testing.T) {
	file := filepath.Join(t.TempDir(), "police.json")
	if err := os.WriteFile(file, []byte(`{"hub": "from file", "window": 8, "wait": "72h"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	config := serviceConfig{LogDir: "default", Window: 1, secret: "kept"}
	environ := []string{"HANDRAIL_WINDOW=16", "HANDRAIL_DATABASE_URL=not a setting", "WINDOW=3"}
	if err := LoadConfig(&config, file, environ); err != nil {
		t.Fatal(err)
	}
	want := serviceConfig{Hub: "from file", LogDir: "default", Window: 16, Wait: 72 * time.Hour, secret: "kept"}
	if config != want {
		t.Errorf("loaded %+v, want %+v", config, want)
	}
	if err := LoadConfig(&config, "", []string{"HANDRAIL_LOG_DIR=a=b"}); err != nil || config.LogDir != "a=b" {
		t.Errorf("loaded %+v %v without a file", config, err)
	}
}

func TestConfigurationThatIsWrong(t *testing.T) {
	for content, why := range map[string]string{
		`{"hubb": "x"}`:     "hubb",
		`{"window": "big"}`: "window",
		`{`:                 "JSON",
	} {
		file := filepath.Join(t.TempDir(), "police.json")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		err := LoadConfig(&serviceConfig{}, file, nil)
		if ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want a usage error about %s", content, err, why)
		}
	}
	if err := LoadConfig(&serviceConfig{}, "there is no such file", nil); ExitCode(err) != ExitUsage {
		t.Errorf("a missing file: %v", err)
	}
	if err := LoadConfig(serviceConfig{}, "", nil); err == nil {
		t.Error("a struct that cannot be filled was accepted")
	}
}
