package match

// Reason is one fact that speaks for or against asking a provider now, in the
// words of referral.declined where it has one.
type Reason string

// Against an offer, so that it does not fit.
const (
	NothingPublished Reason = "nothing-published"
	NeedNotServed    Reason = "need-not-served"
	NeedPartly       Reason = "need-partly-served"
	Full             Reason = "full"
	SexNotServed     Reason = "sex-not-served"
	AgeNotServed     Reason = "age-not-served"
	ChildrenNotTaken Reason = "children-not-taken"
	AccessNotServed  Reason = "access-not-served"
	NobodyTonight    Reason = "nobody-there-tonight" // the urgency is tonight: somebody has to answer within minutes
)

// Against an offer, so that it ranks lower and may still fit.
const (
	Stale             Reason = "stale" // older than Fresh
	Elsewhere         Reason = "elsewhere"
	RegionNotSaid     Reason = "region-not-said"
	LanguageNotServed Reason = "language-not-served" // never bars: a bed and an interpreter on the telephone is better than no bed
	NobodyNow         Reason = "nobody-there-now"
	SexNotAsked       Reason = "sex-not-asked"
	AgeNotAsked       Reason = "age-not-asked"
)

// For an offer.
const (
	NeedServed     Reason = "need-served"
	SomePlaces     Reason = "some-places"
	FewPlaces      Reason = "few-places"
	Said           Reason = "said-today" // not older than Fresh
	Near           Reason = "in-the-region"
	LanguageServed Reason = "language-served"
	SomebodyThere  Reason = "somebody-there-now"
)

// Bars says whether the reason alone makes an offer not fit.
func (r Reason) Bars() bool {
	switch r {
	case NothingPublished, NeedNotServed, NeedPartly, Full, SexNotServed, AgeNotServed, ChildrenNotTaken, AccessNotServed, NobodyTonight:
		return true
	default:
		return false
	}
}

// favours says whether the reason speaks for an offer.
func (r Reason) favours() bool {
	switch r {
	case NeedServed, SomePlaces, FewPlaces, Said, Near, LanguageServed, SomebodyThere:
		return true
	default:
		return false
	}
}

// Says is the reason in plain words, of the provider.
func (r Reason) Says() string {
	switch r {
	case NothingPublished:
		return "has not said whom it can take"
	case NeedNotServed:
		return "does not offer what is needed"
	case NeedPartly:
		return "offers only part of what is needed"
	case Full:
		return "is full"
	case SexNotServed:
		return "does not take people of this sex"
	case AgeNotServed:
		return "does not take people of this age"
	case ChildrenNotTaken:
		return "cannot take this many children"
	case AccessNotServed:
		return "does not have the access that is needed"
	case NobodyTonight:
		return "has nobody there at this hour"
	case Stale:
		return "said so more than a day ago"
	case Elsewhere:
		return "is in another region"
	case RegionNotSaid:
		return "does not say where it is"
	case LanguageNotServed:
		return "does not speak the language"
	case NobodyNow:
		return "has nobody there right now"
	case SexNotAsked:
		return "does not take everybody, and the person's sex was not asked"
	case AgeNotAsked:
		return "does not take every age, and the person's age was not asked"
	case NeedServed:
		return "offers what is needed"
	case SomePlaces:
		return "has places"
	case FewPlaces:
		return "has few places"
	case Said:
		return "said so within the last day"
	case Near:
		return "is in the region"
	case LanguageServed:
		return "speaks the language"
	case SomebodyThere:
		return "has somebody there now"
	}
	return string(r)
}
