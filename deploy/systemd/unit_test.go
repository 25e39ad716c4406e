// Package systemd holds the units of the services; its tests read them.
package systemd

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	agencyUnit    = "handrail-agency@.service"
	ledgerUnit    = "handrail-ledger.service"
	retentionUnit = "handrail-retention.service"
)

// lines gives what a unit sets, by [Section]Name.
func lines(t *testing.T, unit string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	section, set := "", map[string][]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", strings.HasPrefix(line, "#"):
			continue
		case strings.HasPrefix(line, "["):
			section = line
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || section == "" {
			t.Fatalf("a line of %s is none: %q", unit, line)
		}
		set[section+name] = append(set[section+name], value)
	}
	return set
}

// holds checks lines of a unit's service, each of which stands there once.
func holds(t *testing.T, unit string, want map[string]string) {
	t.Helper()
	set := lines(t, unit)
	for name, value := range want {
		if !slices.Equal(set["[Service]"+name], []string{value}) {
			t.Errorf("%s has %s=%q, want %q", unit, name, set["[Service]"+name], value)
		}
	}
}

func TestAnAgencysServiceIsKeptApart(t *testing.T) {
	holds(t, agencyUnit, map[string]string{
		"DynamicUser": "yes", "StateDirectory": "handrail/%i", "StateDirectoryMode": "0700", "UMask": "0077", "LimitCORE": "0",
		"ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateUsers": "yes", "ProtectProc": "invisible", "NoNewPrivileges": "yes",
		"CapabilityBoundingSet": "", "AmbientCapabilities": "", "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6", "MemoryDenyWriteExecute": "yes",
		"LoadCredential": "passphrase:/etc/handrail/%i.passphrase", "ExecStart": "/usr/local/bin/handrail serve ${HANDRAIL_DESK} /var/lib/handrail/%i",
	})
}

func TestTheHubsUnitsShareNeitherUserNorFiles(t *testing.T) {
	holds(t, ledgerUnit, map[string]string{
		"Type": "exec", "User": "handrail-ledger", "StateDirectory": "handrail-ledger", "StateDirectoryMode": "0700", "Restart": "always",
		"ExecStart": "/usr/local/bin/handrail serve ledger --data /var/lib/handrail-ledger --listen=${HANDRAIL_LISTEN}",
	})
	holds(t, retentionUnit, map[string]string{
		"Type": "oneshot", "User": "handrail-retention", "LoadCredential": "retention.json:/etc/handrail/retention.json",
		"ExecStart": "/usr/local/bin/handrail retention run --settings ${CREDENTIALS_DIRECTORY}/retention.json",
	})
	for unit, others := range map[string][]string{
		ledgerUnit:    {"LoadCredential", "SupplementaryGroups", "Group", "ReadWritePaths"},
		retentionUnit: {"StateDirectory", "EnvironmentFile", "SupplementaryGroups", "Group", "ReadWritePaths"},
	} {
		set := lines(t, unit)
		for _, name := range others {
			if len(set["[Service]"+name]) > 0 {
				t.Errorf("%s has %s=%q, which it does without", unit, name, set["[Service]"+name])
			}
		}
	}
}

// TestEveryUnitIsAsHardAsAnAgencys: whatever keeps an agency's service in, and is not about its own files and size,
// keeps in the hub's.
func TestEveryUnitIsAsHardAsAnAgencys(t *testing.T) {
	own := []string{
		"EnvironmentFile", "LoadCredential", "ExecStart", "Restart", "RestartSec", "StateDirectory", "StateDirectoryMode", "MemoryMax", "TasksMax",
	}
	hard := lines(t, agencyUnit)
	maps.DeleteFunc(hard, func(name string, _ []string) bool {
		service, ok := strings.CutPrefix(name, "[Service]")
		return !ok || slices.Contains(own, service)
	})
	for _, unit := range services(t) {
		set := lines(t, unit)
		for name, values := range hard {
			if !slices.Equal(set[name], values) {
				t.Errorf("%s has %s=%q, an agency's has %q", unit, name, set[name], values)
			}
		}
		for name, values := range set { // a secret in the environment can be read by whoever sees the process
			if strings.HasSuffix(name, "]Environment") || strings.HasSuffix(name, "]PassEnvironment") {
				t.Errorf("%s passes an environment: %s=%q", unit, name, values)
			}
		}
		for _, name := range []string{"[Service]MemoryMax", "[Service]TasksMax"} {
			if len(set[name]) != 1 {
				t.Errorf("%s may take the whole machine: %s=%q", unit, name, set[name])
			}
		}
	}
}

// services are all units of this folder that start something.
func services(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("*.service")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 3 {
		t.Fatalf("there are only %v", found)
	}
	return found
}

func TestTheRetentionUnitRunsOnceADayAndMakesUpForANight(t *testing.T) {
	set := lines(t, "handrail-retention.timer")
	for name, want := range map[string]string{
		"[Timer]OnCalendar": "*-*-* 03:30:00", "[Timer]Persistent": "true", "[Install]WantedBy": "timers.target",
	} {
		if !slices.Equal(set[name], []string{want}) {
			t.Errorf("the timer has %s=%q, want %q", name, set[name], want)
		}
	}
	if unit := set["[Timer]Unit"]; unit != nil { // without, it starts the service of its own name
		t.Errorf("the timer starts %q", unit)
	}
	if install := lines(t, retentionUnit)["[Install]WantedBy"]; install != nil {
		t.Errorf("retention runs with every start of the machine: WantedBy=%q", install)
	}
}
