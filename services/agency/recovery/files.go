package recovery

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events/seal"
	"handrail/services/agency/keyring"
)

const (
	maxBackup  = 64 << 20
	agencyFile = "agency.json"
	// passphrase is how the file that agency.json names as passphrase_file is called in the backup.
	passphrase = "passphrase"
	// witnessState is where the agency's witness keeps what it cosigned. A backup has no
	// newest copy of it, and a witness that forgot must not begin from nothing, where a
	// hub could show it another log: so it finds this file, and no state in it, and
	// cosigns nothing before its people reset it.
	witnessState = "witness.backup"
)

// kept says which files of an agency's folder are backed up: its keys, and what
// it needs to be the same agency again. The journal is not among them: the hub
// delivers again, and drafts are lost with the machine.
func kept(name string) bool {
	if slices.Contains([]string{agencyFile, "token", "webhook.secret", keyring.ListingsFile, passphrase}, name) {
		return true
	}
	return regexp.MustCompile(`^[a-z0-9-]{1,64}\.(pem|key|nk|creds)$`).MatchString(name)
}

// pack gathers the files into a tar archive.
func pack(folder string) ([]byte, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	put := func(name, path string) error {
		content, err := os.ReadFile(path) //nolint:gosec // the agency's own files
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
			return err
		}
		_, err = w.Write(content)
		return err
	}
	signs := false
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !kept(entry.Name()) || entry.Name() == passphrase {
			continue
		}
		signs = signs || entry.Name() == keyring.Signing.File()
		if err := put(entry.Name(), filepath.Join(folder, entry.Name())); err != nil {
			return nil, err
		}
	}
	if !signs {
		return nil, fmt.Errorf("%s is not an agency's folder: it has no signing key", folder)
	}
	path := passphraseOf(folder)
	if locked, err := seal.IsLocked(filepath.Join(folder, keyring.Signing.File())); err != nil || locked && path == "" {
		return nil, errors.Join(err, errors.New("the keys are locked with a passphrase that agency.json does not name, so nobody could open what this kit brings back: name its file as passphrase_file there"))
	}
	if path != "" {
		if err := put(passphrase, path); err != nil {
			return nil, fmt.Errorf("the passphrase of the keys: %w", err)
		}
	}
	err = w.Close() // writes the last of it
	return b.Bytes(), err
}

// passphraseOf is the file that protects the agency's keys, if its description names one.
func passphraseOf(folder string) string {
	text, err := os.ReadFile(filepath.Join(folder, agencyFile)) //nolint:gosec // the agency's own file
	if err != nil {
		return ""
	}
	var names struct {
		File string `json:"passphrase_file"`
	}
	if err := json.Unmarshal(text, &names); err != nil || names.File == "" {
		return ""
	}
	if !filepath.IsAbs(names.File) {
		return filepath.Join(folder, names.File)
	}
	return names.File
}

// unpack writes the files of a backup, each readable by its owner only. It looks
// first, so that it writes all of them or none.
func unpack(content []byte, folder string) ([]string, error) {
	files := map[string][]byte{}
	var names []string
	for r := tar.NewReader(bytes.NewReader(content)); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the backup: %w", err)
		}
		if header.Typeflag != tar.TypeReg || !kept(header.Name) {
			return nil, errors.New("reading the backup: it holds what no backup holds")
		}
		if files[header.Name], err = io.ReadAll(r); err != nil {
			return nil, fmt.Errorf("reading the backup: %w", err)
		}
		if _, err := os.Lstat(filepath.Join(folder, header.Name)); err == nil { //nolint:gosec // kept lets no name with a separator through
			return nil, fmt.Errorf("%s is in the folder already: restore into an empty one", header.Name)
		}
		names = append(names, header.Name)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	var err error
	if files[agencyFile], err = withPassphrase(files); err != nil {
		return nil, err
	}
	if _, witnesses := files[keyring.Witness.File()]; witnesses {
		if err := seal.ReplaceSecret(filepath.Join(folder, witnessState), []byte("restored from the recovery kit: what it cosigned is not known\n")); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		if err := seal.ReplaceSecret(filepath.Join(folder, name), files[name]); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// withPassphrase is the agency's description, naming the file of the passphrase as
// the backup has it: where it lay before may be no place of this machine.
func withPassphrase(files map[string][]byte) ([]byte, error) {
	if _, protects := files[passphrase]; !protects {
		return files[agencyFile], nil
	}
	members := map[string]jsontext.Value{}
	if err := json.Unmarshal(files[agencyFile], &members); err != nil {
		return nil, errors.New("reading the backup: its agency.json is damaged")
	}
	members["passphrase_file"] = jsontext.Value(`"` + passphrase + `"`)
	text, err := json.Marshal(members, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return nil, fmt.Errorf("describing the restored agency: %w", err)
	}
	return append(text, '\n'), nil
}
