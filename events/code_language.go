package events

import (
	"slices"
	"strings"
)

// Language is an ISO 639-3 code of the closed list below, so that no other word
// of three letters enters the permanent record.
type Language string

// languages are the living languages that have a code of two letters too, and
// others that desks have to expect: of refugees and migrants, minority and sign
// languages. The list is part of the wire contract: a language is added with a
// new version of the types that use it. Source: ISO 639-3.
const languages = `
	aar abk acm afr aka amh apc ara arg arq ary arz ase asm ast ava awa aym aze bak bal bam ban bel ben bfi bho bik bin bis
	bod bos bre brh bug bul cat ceb ces cha che chm chv ckb cmn cor cos cre csb cym dan deu din div dsl dyu dzo efi ell eng
	eso est eus ewe fao fas fij fil fin fon fra fry fse fuc fuf ful gaa gag gla gle glg glv grn gsg guj hat hau haz hbs heb
	her hil hin hmn hmo hno hrv hun hye ibb ibo icl iii ijc iku ilo ind ipk isl ita jav jpn kab kal kam kan kas kat kau kaz
	khm kik kin kir kmr kom kon kor kri krl kua kur lao lav lim lin lit lls lsl ltz lub lug luo luy mad mah mai mal mar mer
	min mkd mlg mlt mnk mon mos mri msa mya nau nav nbl nde ndo nep nld nno nob nor nsl nso nus nya oci oji ori orm oss pag
	pan pcm pes phr pol por prs pso pus que rif rmc rmn rmy roh rom ron rsl rue run rus sag sat sco shi sid sin skr slk slv
	sma sme smj smn smo sms sna snd som sot spa sqi srd srp ssw sun swa swe swl syl szl tah tam tat tel tet tgk tgl tha tig
	tir ton tsn tso tuk tur twi uig ukr urd urh uzb ven vie wal war wln wol xho yid yor yue zgh zha zho zul zza
`

// Codes lists every language.
func (Language) Codes() []string { return slices.Clone(languageCodes) }

//nolint:gochecknoglobals // read-only
var languageCodes = strings.Fields(languages)

// UnmarshalText accepts a language of the list.
func (l *Language) UnmarshalText(text []byte) error { return codeOf(l, text, languageCodes) }
