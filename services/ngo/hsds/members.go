package hsds

// entity is one kind of object of HSDS.
type entity string

// The objects that are read. Organisation, programme, contact, telephone and
// whatever else hangs below a service are dropped whole.
const (
	service           entity = "service"
	serviceAtLocation entity = "service_at_location"
	location          entity = "location"
	schedule          entity = "schedule"
	language          entity = "language"
	accessibility     entity = "accessibility"
	address           entity = "address"
	serviceCapacity   entity = "service_capacity"
	unit              entity = "unit"
	attribute         entity = "attribute"
	taxonomyTerm      entity = "taxonomy_term"
	taxonomy          entity = "taxonomy"
)

// Why a member is not kept.
const (
	read      = "" // it is read, for codes only
	whyText   = "names and free text are not kept: a capacity is codes"
	whyReach  = "how to reach a provider or its staff is not published in a capacity"
	whyPlace  = "an address or position stays with the provider (domain rule 6)"
	whySource = "an identifier or note of the directory that it comes from"
	whyOther  = "no rule, clock or route reads it"
)

// members says of every member that HSDS 3.0 and 3.1 give an object whether it
// is read, or why it is dropped. Source: the schemas of the branches 3.0 and
// 3.1-dev of openreferral/specification.
func members(e entity) map[string]string {
	switch e {
	case service:
		return map[string]string{
			"id": read, "status": read, "minimum_age": read, "maximum_age": read, "schedules": read, "languages": read,
			"service_at_locations": read, "capacities": read, "attributes": read,
			"name": whyText, "alternate_name": whyText, "description": whyText, "interpretation_services": whyText, "application_process": whyText,
			"fees_description": whyText, "wait_time": whyText, "fees": whyText, "accreditations": whyText, "eligibility_description": whyText,
			"licenses": whyText, "alert": whyText, "organization": whyText, "program": whyText,
			"url": whyReach, "additional_urls": whyReach, "email": whyReach, "assurer_email": whyReach, "phones": whyReach, "contacts": whyReach,
			"service_areas": whyPlace, "organization_id": whySource, "program_id": whySource, "assured_date": whySource, "last_modified": whySource,
			"metadata": whySource, "funding": whyOther, "cost_options": whyOther, "required_documents": whyOther,
		}
	case serviceAtLocation:
		return map[string]string{
			"location": read, "schedules": read,
			"id": whySource, "service_id": whySource, "location_id": whySource, "metadata": whySource, "description": whyText, "service_areas": whyPlace,
			"contacts": whyReach, "phones": whyReach, "attributes": whyOther,
		}
	case location:
		return map[string]string{
			"languages": read, "accessibility": read, "addresses": read,
			"id": whySource, "organization_id": whySource, "external_identifier": whyPlace, "external_identifier_type": whyPlace, "metadata": whySource,
			"location_type": whyOther, "url": whyReach, "name": whyText, "alternate_name": whyText, "description": whyText, "transportation": whyPlace,
			"latitude": whyPlace, "longitude": whyPlace, "contacts": whyReach, "phones": whyReach, "schedules": whyOther, "attributes": whyOther,
		}
	default:
		return membersOfParts(e)
	}
}

// membersOfParts says it of what hangs below a service or its location.
func membersOfParts(e entity) map[string]string {
	switch e {
	case schedule:
		return map[string]string{
			"valid_from": read, "valid_to": read, "dtstart": read, "timezone": read, "until": read, "count": read, "freq": read, "interval": read,
			"byday": read, "byweekno": read, "bymonthday": read, "byyearday": read, "opens_at": read, "closes_at": read,
			"id": whySource, "service_id": whySource, "location_id": whySource, "service_at_location_id": whySource, "metadata": whySource,
			"wkst": whyOther, "description": whyText, "schedule_link": whyReach, "attending_type": whyText, "notes": whyText, "attributes": whyOther,
		}
	case language:
		return map[string]string{
			"code": read, "id": whySource, "service_id": whySource, "location_id": whySource, "phone_id": whySource, "metadata": whySource,
			"name": whyText, "note": whyText, "attributes": whyOther,
		}
	case accessibility:
		return map[string]string{
			"description": read, "id": whySource, "location_id": whySource, "metadata": whySource, "details": whyText, "url": whyReach, "attributes": whyOther,
		}
	case address:
		return map[string]string{
			"country": read, "state_province": read, "address_type": read,
			"id": whySource, "location_id": whySource, "metadata": whySource, "attention": whyPlace, "address_1": whyPlace, "address_2": whyPlace,
			"city": whyPlace, "region": whyPlace, "postal_code": whyPlace, "attributes": whyOther,
		}
	case serviceCapacity:
		return map[string]string{
			"unit": read, "available": read, "updated": read, "id": whySource, "service_id": whySource, "unit_id": whySource, "metadata": whySource,
			"maximum": whyOther, "description": whyText, "attributes": whyOther,
		}
	case unit:
		return map[string]string{
			"name": read, "id": whySource, "scheme": whyOther, "identifier": whyOther, "uri": whyOther, "attributes": whyOther, "metadata": whySource,
		}
	case attribute:
		return map[string]string{
			"taxonomy_term": read, "id": whySource, "link_id": whySource, "taxonomy_term_id": whySource, "metadata": whySource,
			"link_type": whyOther, "link_entity": whyOther, "value": whyText, "label": whyText,
		}
	case taxonomyTerm:
		return map[string]string{
			"code": read, "name": read, "taxonomy": read, "taxonomy_detail": read, "term_uri": read,
			"id": whySource, "parent_id": whySource, "taxonomy_id": whySource, "metadata": whySource, "description": whyText, "language": whyOther,
		}
	case taxonomy:
		return map[string]string{
			"name": read, "uri": read, "id": whySource, "description": whyText, "version": whyOther, "metadata": whySource,
		}
	default:
		return nil
	}
}
