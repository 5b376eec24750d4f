#include "daemon/feed/common_name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define NAME_SIZE 64

/* In lower case, without accents, each run of other characters than letters and digits one `_`; sorted, for bsearch(). */
static const struct common_name {
    const char *name;
    const char *field;
    int rank;
} common_names[] = {
    { "abuse_type", "classification.type", RANK_COMMON },
    { "add_date", "time.source", RANK_WEAKEST },
    { "added_at", "time.source", RANK_WEAKER },
    { "addr", "source.ip", RANK_WEAKER },
    { "address", "source.ip", RANK_WEAKER },
    { "adres", "source.ip", RANK_WEAKER },
    { "adres_ip", "source.ip", RANK_COMMON },
    { "adresa", "source.ip", RANK_WEAKER },
    { "adress", "source.ip", RANK_WEAKER },
    { "adresse", "source.ip", RANK_WEAKER },
    { "adresse_ip", "source.ip", RANK_COMMON },
    { "adresse_url", "source.url", RANK_WEAKEST },
    { "adresseip", "source.ip", RANK_COMMON },
    { "affected_domain", "source.fqdn", RANK_COMMON },
    { "affected_host", "source.fqdn", RANK_COMMON },
    { "affected_ip", "source.ip", RANK_COMMON },
    { "affected_port", "source.port", RANK_COMMON },
    { "affected_url", "source.url", RANK_COMMON },
    { "anmerkung", "event_description.text", RANK_WEAKEST },
    { "app_protocol", "protocol.application", RANK_COMMON },
    { "application", "protocol.application", RANK_COMMON },
    { "as", "source.asn", RANK_COMMON },
    { "as_name", "source.as_name", RANK_COMMON },
    { "as_nr", "source.asn", RANK_COMMON },
    { "as_num", "source.asn", RANK_COMMON },
    { "as_number", "source.asn", RANK_COMMON },
    { "as_org", "source.as_name", RANK_COMMON },
    { "as_organisation", "source.as_name", RANK_COMMON },
    { "as_organization", "source.as_name", RANK_COMMON },
    { "asn", "source.asn", RANK_COMMON },
    { "asn_name", "source.as_name", RANK_COMMON },
    { "asn_org", "source.as_name", RANK_COMMON },
    { "asname", "source.as_name", RANK_COMMON },
    { "asnum", "source.asn", RANK_COMMON },
    { "asnumber", "source.asn", RANK_COMMON },
    { "autonomous_system", "source.asn", RANK_COMMON },
    { "befund", "classification.identifier", RANK_WEAKER },
    { "bemerkung", "event_description.text", RANK_WEAKEST },
    { "beschreibung", "event_description.text", RANK_COMMON },
    { "beskrivelse", "event_description.text", RANK_COMMON },
    { "beskrivning", "event_description.text", RANK_COMMON },
    { "bot_name", "malware.name", RANK_COMMON },
    { "botname", "malware.name", RANK_COMMON },
    { "botnet", "malware.name", RANK_COMMON },
    { "c2_domain", "destination.fqdn", RANK_COMMON },
    { "c2_ip", "destination.ip", RANK_COMMON },
    { "c2_port", "destination.port", RANK_COMMON },
    { "c2_url", "destination.url", RANK_COMMON },
    { "carimbo_de_data_hora", "time.source", RANK_COMMON },
    { "categoria", "classification.type", RANK_WEAKEST },
    { "categorie", "classification.type", RANK_WEAKEST },
    { "category", "classification.type", RANK_WEAKEST },
    { "cc", "source.geolocation.cc", RANK_COMMON },
    { "cc_domain", "destination.fqdn", RANK_COMMON },
    { "cc_ip", "destination.ip", RANK_COMMON },
    { "cc_url", "destination.url", RANK_COMMON },
    { "check_id", "classification.identifier", RANK_WEAKER },
    { "cidade", "source.geolocation.city", RANK_COMMON },
    { "cidr", "source.network", RANK_COMMON },
    { "citta", "source.geolocation.city", RANK_COMMON },
    { "city", "source.geolocation.city", RANK_COMMON },
    { "ciudad", "source.geolocation.city", RANK_COMMON },
    { "class", "classification.type", RANK_WEAKER },
    { "classification", "classification.type", RANK_WEAKER },
    { "client_ip", "source.ip", RANK_COMMON },
    { "clientip", "source.ip", RANK_COMMON },
    { "comentario", "event_description.text", RANK_WEAKEST },
    { "comment", "event_description.text", RANK_WEAKEST },
    { "commentaire", "event_description.text", RANK_WEAKEST },
    { "commento", "event_description.text", RANK_WEAKEST },
    { "comments", "event_description.text", RANK_WEAKEST },
    { "compromised_domain", "source.fqdn", RANK_COMMON },
    { "country_code", "source.geolocation.cc", RANK_COMMON },
    { "country_iso", "source.geolocation.cc", RANK_COMMON },
    { "country_iso_code", "source.geolocation.cc", RANK_COMMON },
    { "countrycode", "source.geolocation.cc", RANK_COMMON },
    { "created_at", "time.source", RANK_WEAKER },
    { "cve", "product.vulnerabilities", RANK_COMMON },
    { "cve_id", "product.vulnerabilities", RANK_COMMON },
    { "cves", "product.vulnerabilities", RANK_COMMON },
    { "czas", "time.source", RANK_WEAKEST },
    { "data_di_rilevamento", "time.source", RANK_WEAKER },
    { "data_e_hora", "time.source", RANK_COMMON },
    { "data_e_ora", "time.source", RANK_COMMON },
    { "data_hora", "time.source", RANK_COMMON },
    { "data_i_czas", "time.source", RANK_COMMON },
    { "data_ora", "time.source", RANK_COMMON },
    { "data_utc", "time.source", RANK_WEAKER },
    { "date", "time.source", RANK_WEAKER },
    { "date_added", "time.source", RANK_WEAKER },
    { "date_and_time", "time.source", RANK_COMMON },
    { "date_de_detection", "time.source", RANK_WEAKER },
    { "date_detected", "time.source", RANK_WEAKER },
    { "date_et_heure", "time.source", RANK_COMMON },
    { "date_gmt", "time.source", RANK_WEAKER },
    { "date_heure", "time.source", RANK_COMMON },
    { "date_observed", "time.source", RANK_WEAKER },
    { "date_of_detection", "time.source", RANK_WEAKER },
    { "date_time", "time.source", RANK_COMMON },
    { "date_utc", "time.source", RANK_WEAKER },
    { "dateadded", "time.source", RANK_WEAKER },
    { "datetime", "time.source", RANK_COMMON },
    { "datetime_gmt", "time.source", RANK_COMMON },
    { "datetime_utc", "time.source", RANK_COMMON },
    { "dato", "time.source", RANK_WEAKER },
    { "datum", "time.source", RANK_WEAKER },
    { "datum_tijd", "time.source", RANK_COMMON },
    { "datum_uhrzeit", "time.source", RANK_COMMON },
    { "datum_zeit", "time.source", RANK_COMMON },
    { "descricao", "event_description.text", RANK_COMMON },
    { "descripcion", "event_description.text", RANK_COMMON },
    { "description", "event_description.text", RANK_COMMON },
    { "descrizione", "event_description.text", RANK_COMMON },
    { "dest_domain", "destination.fqdn", RANK_COMMON },
    { "dest_ip", "destination.ip", RANK_COMMON },
    { "dest_port", "destination.port", RANK_COMMON },
    { "destination_address", "destination.ip", RANK_COMMON },
    { "destination_domain", "destination.fqdn", RANK_COMMON },
    { "destination_fqdn", "destination.fqdn", RANK_COMMON },
    { "destination_host", "destination.fqdn", RANK_COMMON },
    { "destination_ip", "destination.ip", RANK_COMMON },
    { "destination_port", "destination.port", RANK_COMMON },
    { "destination_url", "destination.url", RANK_COMMON },
    { "detail", "event_description.text", RANK_WEAKEST },
    { "details", "event_description.text", RANK_WEAKER },
    { "detectado", "time.source", RANK_WEAKER },
    { "detecte", "time.source", RANK_WEAKER },
    { "detected", "time.source", RANK_WEAKER },
    { "detected_at", "time.source", RANK_WEAKER },
    { "detection_date", "time.source", RANK_WEAKER },
    { "detection_time", "time.source", RANK_COMMON },
    { "detection_timestamp", "time.source", RANK_COMMON },
    { "dienst", "protocol.application", RANK_COMMON },
    { "direccion", "source.ip", RANK_WEAKER },
    { "direccion_ip", "source.ip", RANK_COMMON },
    { "discovered_at", "time.source", RANK_WEAKER },
    { "dns_name", "source.fqdn", RANK_WEAKER },
    { "dns_ptr", "source.reverse_dns", RANK_COMMON },
    { "domaene", "source.fqdn", RANK_COMMON },
    { "domain", "source.fqdn", RANK_COMMON },
    { "domain_name", "source.fqdn", RANK_COMMON },
    { "domain_names", "source.fqdn", RANK_COMMON },
    { "domain_or_host", "source.fqdn", RANK_COMMON },
    { "domaine", "source.fqdn", RANK_COMMON },
    { "domaines", "source.fqdn", RANK_COMMON },
    { "domainname", "source.fqdn", RANK_COMMON },
    { "domainnamen", "source.fqdn", RANK_COMMON },
    { "domains", "source.fqdn", RANK_WEAKER },
    { "doman", "source.fqdn", RANK_COMMON },
    { "domane", "source.fqdn", RANK_COMMON },
    { "domannamn", "source.fqdn", RANK_COMMON },
    { "domein", "source.fqdn", RANK_COMMON },
    { "domeinnaam", "source.fqdn", RANK_COMMON },
    { "domena", "source.fqdn", RANK_COMMON },
    { "domene", "source.fqdn", RANK_COMMON },
    { "dominio", "source.fqdn", RANK_COMMON },
    { "dominios", "source.fqdn", RANK_COMMON },
    { "dst_addr", "destination.ip", RANK_COMMON },
    { "dst_domain", "destination.fqdn", RANK_COMMON },
    { "dst_host", "destination.fqdn", RANK_COMMON },
    { "dst_ip", "destination.ip", RANK_COMMON },
    { "dst_port", "destination.port", RANK_COMMON },
    { "dst_url", "destination.url", RANK_COMMON },
    { "dstip", "destination.ip", RANK_COMMON },
    { "dstport", "destination.port", RANK_COMMON },
    { "endereco", "source.ip", RANK_WEAKER },
    { "endereco_ip", "source.ip", RANK_COMMON },
    { "enlace", "source.url", RANK_WEAKEST },
    { "epoch", "time.source", RANK_COMMON },
    { "epoch_time", "time.source", RANK_COMMON },
    { "erkannt_am", "time.source", RANK_WEAKER },
    { "event_date", "time.source", RANK_COMMON },
    { "event_time", "time.source", RANK_COMMON },
    { "event_timestamp", "time.source", RANK_COMMON },
    { "event_type", "classification.type", RANK_COMMON },
    { "eventtime", "time.source", RANK_COMMON },
    { "evidence", "event_description.text", RANK_WEAKEST },
    { "family", "malware.name", RANK_COMMON },
    { "fecha", "time.source", RANK_WEAKER },
    { "fecha_de_deteccion", "time.source", RANK_WEAKER },
    { "fecha_hora", "time.source", RANK_COMMON },
    { "fecha_y_hora", "time.source", RANK_COMMON },
    { "feed", "feed.name", RANK_WEAKER },
    { "feedname", "feed.name", RANK_WEAKER },
    { "finding", "classification.identifier", RANK_WEAKER },
    { "finding_type", "classification.identifier", RANK_WEAKER },
    { "first_seen", "time.source", RANK_WEAKEST },
    { "first_seen_at", "time.source", RANK_WEAKEST },
    { "first_seen_utc", "time.source", RANK_WEAKEST },
    { "firstseen", "time.source", RANK_WEAKEST },
    { "firstseen_utc", "time.source", RANK_WEAKEST },
    { "fqdn", "source.fqdn", RANK_COMMON },
    { "full_url", "source.url", RANK_COMMON },
    { "geo", "source.geolocation.cc", RANK_COMMON },
    { "gesehen", "time.source", RANK_WEAKER },
    { "gesehen_am", "time.source", RANK_WEAKER },
    { "heure", "time.source", RANK_WEAKEST },
    { "hora", "time.source", RANK_WEAKEST },
    { "horodatage", "time.source", RANK_COMMON },
    { "host", "source.fqdn", RANK_WEAKER },
    { "host_ip", "source.ip", RANK_COMMON },
    { "host_name", "source.fqdn", RANK_LAST_RESORT },
    { "host_or_domain", "source.fqdn", RANK_COMMON },
    { "hostname", "source.fqdn", RANK_LAST_RESORT },
    { "hosts", "source.fqdn", RANK_WEAKER },
    { "hote", "source.fqdn", RANK_WEAKER },
    { "identifier", "classification.identifier", RANK_COMMON },
    { "incident_type", "classification.type", RANK_COMMON },
    { "indirizzo", "source.ip", RANK_WEAKER },
    { "indirizzo_ip", "source.ip", RANK_COMMON },
    { "infected_ip", "source.ip", RANK_COMMON },
    { "infection", "malware.name", RANK_COMMON },
    { "info", "event_description.text", RANK_WEAKEST },
    { "information", "event_description.text", RANK_WEAKEST },
    { "ip", "source.ip", RANK_COMMON },
    { "ip4", "source.ip", RANK_COMMON },
    { "ip6", "source.ip", RANK_WEAKEST },
    { "ip_addr", "source.ip", RANK_COMMON },
    { "ip_address", "source.ip", RANK_COMMON },
    { "ip_addresses", "source.ip", RANK_COMMON },
    { "ip_adres", "source.ip", RANK_COMMON },
    { "ip_adresa", "source.ip", RANK_COMMON },
    { "ip_adress", "source.ip", RANK_COMMON },
    { "ip_adresse", "source.ip", RANK_COMMON },
    { "ip_destination", "destination.ip", RANK_COMMON },
    { "ip_destino", "destination.ip", RANK_COMMON },
    { "ip_host", "source.ip", RANK_COMMON },
    { "ip_origem", "source.ip", RANK_COMMON },
    { "ip_origen", "source.ip", RANK_COMMON },
    { "ip_origine", "source.ip", RANK_COMMON },
    { "ip_protocol", "protocol.transport", RANK_COMMON },
    { "ip_range", "source.network", RANK_COMMON },
    { "ip_source", "source.ip", RANK_COMMON },
    { "ip_src", "source.ip", RANK_COMMON },
    { "ip_v4", "source.ip", RANK_COMMON },
    { "ip_v6", "source.ip", RANK_WEAKEST },
    { "ipaddr", "source.ip", RANK_COMMON },
    { "ipaddress", "source.ip", RANK_COMMON },
    { "ipadresse", "source.ip", RANK_COMMON },
    { "iprange", "source.network", RANK_COMMON },
    { "ips", "source.ip", RANK_WEAKER },
    { "ipv4", "source.ip", RANK_WEAKER },
    { "ipv4_addr", "source.ip", RANK_COMMON },
    { "ipv4_address", "source.ip", RANK_COMMON },
    { "ipv6", "source.ip", RANK_WEAKEST },
    { "ipv6_addr", "source.ip", RANK_WEAKEST },
    { "ipv6_address", "source.ip", RANK_WEAKEST },
    { "iso_country_code", "source.geolocation.cc", RANK_COMMON },
    { "isotime", "time.source", RANK_COMMON },
    { "issue", "classification.identifier", RANK_WEAKER },
    { "issue_type", "classification.identifier", RANK_WEAKER },
    { "kategoria", "classification.type", RANK_WEAKEST },
    { "kategorie", "classification.type", RANK_WEAKEST },
    { "kommentar", "event_description.text", RANK_WEAKEST },
    { "last_observed", "time.source", RANK_WEAKER },
    { "last_online", "time.source", RANK_WEAKER },
    { "last_reported", "time.source", RANK_WEAKER },
    { "last_seen", "time.source", RANK_WEAKER },
    { "last_seen_at", "time.source", RANK_WEAKER },
    { "last_seen_utc", "time.source", RANK_WEAKER },
    { "lastseen", "time.source", RANK_WEAKER },
    { "lastseen_utc", "time.source", RANK_WEAKER },
    { "lien", "source.url", RANK_WEAKEST },
    { "link", "source.url", RANK_WEAKEST },
    { "log_time", "time.source", RANK_COMMON },
    { "logged_at", "time.source", RANK_WEAKER },
    { "malicious_url", "source.url", RANK_COMMON },
    { "malware", "malware.name", RANK_COMMON },
    { "malware_family", "malware.name", RANK_COMMON },
    { "malware_name", "malware.name", RANK_COMMON },
    { "malware_url", "source.url", RANK_COMMON },
    { "marca_de_tiempo", "time.source", RANK_COMMON },
    { "marca_temporal", "time.source", RANK_COMMON },
    { "message", "event_description.text", RANK_WEAKEST },
    { "nazwa_domeny", "source.fqdn", RANK_COMMON },
    { "netblock", "source.network", RANK_COMMON },
    { "netrange", "source.network", RANK_COMMON },
    { "netwerk", "source.network", RANK_COMMON },
    { "network", "source.network", RANK_COMMON },
    { "netz", "source.network", RANK_COMMON },
    { "netzwerk", "source.network", RANK_COMMON },
    { "nom_d_hote", "source.fqdn", RANK_WEAKER },
    { "nom_de_domaine", "source.fqdn", RANK_COMMON },
    { "nom_domaine", "source.fqdn", RANK_COMMON },
    { "nombre_de_dominio", "source.fqdn", RANK_COMMON },
    { "nombre_de_host", "source.fqdn", RANK_WEAKER },
    { "nome_de_dominio", "source.fqdn", RANK_COMMON },
    { "nome_dominio", "source.fqdn", RANK_COMMON },
    { "nome_host", "source.fqdn", RANK_WEAKER },
    { "note", "event_description.text", RANK_WEAKEST },
    { "notes", "event_description.text", RANK_WEAKEST },
    { "observation_date", "time.source", RANK_WEAKER },
    { "observation_time", "time.source", RANK_COMMON },
    { "observed", "time.source", RANK_WEAKER },
    { "observed_at", "time.source", RANK_WEAKER },
    { "observed_time", "time.source", RANK_COMMON },
    { "omschrijving", "event_description.text", RANK_COMMON },
    { "opis", "event_description.text", RANK_COMMON },
    { "opmerking", "event_description.text", RANK_WEAKEST },
    { "ora", "time.source", RANK_WEAKEST },
    { "page_url", "source.url", RANK_COMMON },
    { "phish_url", "source.url", RANK_COMMON },
    { "phishing_url", "source.url", RANK_COMMON },
    { "poort", "source.port", RANK_COMMON },
    { "port", "source.port", RANK_COMMON },
    { "port_destination", "destination.port", RANK_COMMON },
    { "port_number", "source.port", RANK_COMMON },
    { "port_source", "source.port", RANK_COMMON },
    { "porta", "source.port", RANK_COMMON },
    { "portnummer", "source.port", RANK_COMMON },
    { "ports", "source.port", RANK_COMMON },
    { "prefix", "source.network", RANK_COMMON },
    { "proto", "protocol.transport", RANK_COMMON },
    { "protocol", "protocol.transport", RANK_COMMON },
    { "protocole", "protocol.transport", RANK_COMMON },
    { "protocollo", "protocol.transport", RANK_COMMON },
    { "protocolo", "protocol.transport", RANK_COMMON },
    { "protokol", "protocol.transport", RANK_COMMON },
    { "protokoll", "protocol.transport", RANK_COMMON },
    { "ptr", "source.reverse_dns", RANK_COMMON },
    { "ptr_record", "source.reverse_dns", RANK_COMMON },
    { "puerto", "source.port", RANK_COMMON },
    { "puerto_destino", "destination.port", RANK_COMMON },
    { "puerto_origen", "source.port", RANK_COMMON },
    { "quell_ip", "source.ip", RANK_COMMON },
    { "quellport", "source.port", RANK_COMMON },
    { "rdns", "source.reverse_dns", RANK_COMMON },
    { "rdns_name", "source.reverse_dns", RANK_COMMON },
    { "rechner", "source.fqdn", RANK_WEAKER },
    { "rechnername", "source.fqdn", RANK_WEAKER },
    { "red", "source.network", RANK_COMMON },
    { "rede", "source.network", RANK_COMMON },
    { "remark", "event_description.text", RANK_WEAKEST },
    { "remarks", "event_description.text", RANK_WEAKEST },
    { "remarque", "event_description.text", RANK_WEAKEST },
    { "remote_addr", "source.ip", RANK_COMMON },
    { "reported_at", "time.source", RANK_WEAKER },
    { "reseau", "source.network", RANK_COMMON },
    { "resultat", "classification.identifier", RANK_WEAKER },
    { "rete", "source.network", RANK_COMMON },
    { "reverse", "source.reverse_dns", RANK_COMMON },
    { "reverse_dns", "source.reverse_dns", RANK_COMMON },
    { "reverse_hostname", "source.reverse_dns", RANK_COMMON },
    { "reversedns", "source.reverse_dns", RANK_COMMON },
    { "scan_date", "time.source", RANK_WEAKER },
    { "scan_time", "time.source", RANK_WEAKER },
    { "scanned_at", "time.source", RANK_WEAKER },
    { "seen", "time.source", RANK_WEAKER },
    { "seen_at", "time.source", RANK_WEAKER },
    { "seen_time", "time.source", RANK_COMMON },
    { "server_name", "source.fqdn", RANK_WEAKER },
    { "servername", "source.fqdn", RANK_WEAKER },
    { "service", "protocol.application", RANK_COMMON },
    { "service_port", "source.port", RANK_COMMON },
    { "servicio", "protocol.application", RANK_COMMON },
    { "servizio", "protocol.application", RANK_COMMON },
    { "siec", "source.network", RANK_COMMON },
    { "site", "source.fqdn", RANK_WEAKEST },
    { "site_web", "source.fqdn", RANK_WEAKEST },
    { "sitename", "source.fqdn", RANK_WEAKER },
    { "sitio", "source.fqdn", RANK_WEAKEST },
    { "sitio_web", "source.fqdn", RANK_WEAKEST },
    { "sito", "source.fqdn", RANK_WEAKEST },
    { "sito_web", "source.fqdn", RANK_WEAKEST },
    { "source_address", "source.ip", RANK_COMMON },
    { "source_asn", "source.asn", RANK_COMMON },
    { "source_domain", "source.fqdn", RANK_COMMON },
    { "source_fqdn", "source.fqdn", RANK_COMMON },
    { "source_host", "source.fqdn", RANK_COMMON },
    { "source_ip", "source.ip", RANK_COMMON },
    { "source_ip_address", "source.ip", RANK_COMMON },
    { "source_port", "source.port", RANK_COMMON },
    { "source_time", "time.source", RANK_COMMON },
    { "source_url", "source.url", RANK_COMMON },
    { "source_urls", "source.url", RANK_COMMON },
    { "src_addr", "source.ip", RANK_COMMON },
    { "src_as", "source.asn", RANK_COMMON },
    { "src_asn", "source.asn", RANK_COMMON },
    { "src_domain", "source.fqdn", RANK_COMMON },
    { "src_fqdn", "source.fqdn", RANK_COMMON },
    { "src_host", "source.fqdn", RANK_COMMON },
    { "src_hostname", "source.reverse_dns", RANK_COMMON },
    { "src_ip", "source.ip", RANK_COMMON },
    { "src_ip_address", "source.ip", RANK_COMMON },
    { "src_port", "source.port", RANK_COMMON },
    { "src_port_number", "source.port", RANK_COMMON },
    { "src_rdns", "source.reverse_dns", RANK_COMMON },
    { "stad", "source.geolocation.city", RANK_COMMON },
    { "stadt", "source.geolocation.city", RANK_COMMON },
    { "submission_time", "time.source", RANK_WEAKER },
    { "subnet", "source.network", RANK_COMMON },
    { "tag_der_erkennung", "time.source", RANK_WEAKEST },
    { "threat", "classification.identifier", RANK_WEAKEST },
    { "threat_type", "classification.type", RANK_COMMON },
    { "tid", "time.source", RANK_WEAKEST },
    { "tidpunkt", "time.source", RANK_COMMON },
    { "tidsstampel", "time.source", RANK_COMMON },
    { "tidsstempel", "time.source", RANK_COMMON },
    { "tijd", "time.source", RANK_WEAKEST },
    { "tijdstempel", "time.source", RANK_COMMON },
    { "tijdstip", "time.source", RANK_COMMON },
    { "time", "time.source", RANK_COMMON },
    { "time_detected", "time.source", RANK_COMMON },
    { "time_gmt", "time.source", RANK_COMMON },
    { "time_of_detection", "time.source", RANK_COMMON },
    { "time_source", "time.source", RANK_COMMON },
    { "time_stamp", "time.source", RANK_COMMON },
    { "time_utc", "time.source", RANK_COMMON },
    { "timestamp", "time.source", RANK_COMMON },
    { "timestamp_gmt", "time.source", RANK_COMMON },
    { "timestamp_iso", "time.source", RANK_COMMON },
    { "timestamp_utc", "time.source", RANK_COMMON },
    { "timestamputc", "time.source", RANK_COMMON },
    { "tipo", "classification.type", RANK_COMMON },
    { "transport", "protocol.transport", RANK_COMMON },
    { "transport_protocol", "protocol.transport", RANK_COMMON },
    { "ts", "time.source", RANK_COMMON },
    { "typ", "classification.type", RANK_COMMON },
    { "type", "classification.type", RANK_COMMON },
    { "uhrzeit", "time.source", RANK_WEAKEST },
    { "unix_time", "time.source", RANK_COMMON },
    { "unix_timestamp", "time.source", RANK_COMMON },
    { "unixtime", "time.source", RANK_COMMON },
    { "unixtimestamp", "time.source", RANK_COMMON },
    { "uri", "source.url", RANK_WEAKER },
    { "url", "source.url", RANK_COMMON },
    { "url_address", "source.url", RANK_COMMON },
    { "urls", "source.url", RANK_WEAKER },
    { "utc_time", "time.source", RANK_COMMON },
    { "uwagi", "event_description.text", RANK_WEAKEST },
    { "victim", "source.fqdn", RANK_COMMON },
    { "victim_domain", "source.fqdn", RANK_COMMON },
    { "victim_host", "source.fqdn", RANK_COMMON },
    { "victim_ip", "source.ip", RANK_COMMON },
    { "victim_url", "source.url", RANK_COMMON },
    { "ville", "source.geolocation.city", RANK_COMMON },
    { "vu_le", "time.source", RANK_WEAKER },
    { "vulnerabilities", "product.vulnerabilities", RANK_COMMON },
    { "vulnerability", "classification.identifier", RANK_WEAKER },
    { "vulnerable_domain", "source.fqdn", RANK_COMMON },
    { "web_site", "source.fqdn", RANK_WEAKEST },
    { "webseite", "source.fqdn", RANK_WEAKEST },
    { "website", "source.fqdn", RANK_WEAKEST },
    { "zeit", "time.source", RANK_WEAKER },
    { "zeitpunkt", "time.source", RANK_COMMON },
    { "zeitstempel", "time.source", RANK_COMMON },
    { "ziel_ip", "destination.ip", RANK_COMMON },
    { "zielport", "destination.port", RANK_COMMON },
    { "znacznik_czasu", "time.source", RANK_COMMON },
    { "zuletzt_gesehen", "time.source", RANK_WEAKER },
};

/* Sorted. */
static const char *const clocks[] = { "czas", "heure", "hora",        "hour",     "ora",     "tid",
                                      "tijd", "time",  "time_of_day", "time_utc", "uhrzeit", "zeit" };
static const char *const days[] = { "data", "date",  "date_gmt", "date_utc", "dato", "datum",
                                    "day",  "dzien", "fecha",    "giorno",   "jour" };

size_t common_name_count(void)
{
    return COUNT(common_names);
}

const char *common_name_at(size_t index)
{
    return common_names[index].name;
}

/* The letters of U+00C0 to U+017F without what stands above and below them; `_`: none. */
static const char plain_letters[] = "aaaaaaaceeeeiiiidnooooo_ouuuuytsaaaaaaaceeeeiiiidnooooo_ouuuuyty"
                                    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
                                    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/* The character at *NAME in ASCII: a letter or a digit, `_` for others, 0 for what only stands above the letter before. *NAME moves to its last
 * byte. */
static char plain_character(const char **name)
{
    unsigned char byte = (unsigned char)**name, next = (unsigned char)(*name)[1];
    if (byte < 0x80)
        return isalnum(byte) ? (char)tolower(byte) : '_';
    if ((next & 0xc0) != 0x80)
        return '_';
    if (byte >= 0xc3 && byte <= 0xc5) {
        unsigned point = (byte & 0x1fu) << 6 | (next & 0x3fu);
        ++*name;
        return plain_letters[point - 0xc0];
    }
    if (byte == 0xcc || byte == 0xcd) {
        ++*name;
        return 0;
    }
    return '_';
}

/* NAME as common_names[] spells it; CAMELS: "ClientIp" are two words. */
static void plain_name(const char *name, bool camels, char out[NAME_SIZE])
{
    size_t n = 0;
    bool small = false;
    for (; *name && n < NAME_SIZE - 2; name++) {
        bool capital = isupper((unsigned char)*name);
        if (camels && small && capital)
            out[n++] = '_';
        small = islower((unsigned char)*name);
        char plain = plain_character(&name);
        if (plain && (plain != '_' || (n && out[n - 1] != '_')))
            out[n++] = plain;
    }
    while (n && out[n - 1] == '_')
        n--;
    out[n] = '\0';
}

static int compare_common_names(const void *name, const void *row)
{
    return strcmp(name, ((const struct common_name *)row)->name);
}

struct claim common_name_claim(const char *name)
{
    const struct common_name *row = NULL;
    for (int camels = 0; camels < 2 && !row; camels++) {
        char plain[NAME_SIZE];
        plain_name(name, camels, plain);
        row = bsearch(plain, common_names, COUNT(common_names), sizeof *common_names, compare_common_names);
    }
    return row ? (struct claim){ field_find(row->field), row->rank } : (struct claim){ FIELD_EXTRA, RANK_COMMON };
}

static int compare_words(const void *name, const void *row)
{
    return strcmp(name, *(const char *const *)row);
}

static bool is_one_of(const char *name, const char *const *words, size_t count)
{
    char plain[NAME_SIZE];
    plain_name(name, false, plain);
    return bsearch(plain, words, count, sizeof *words, compare_words);
}

bool common_name_is_clock(const char *name)
{
    return is_one_of(name, clocks, COUNT(clocks));
}

bool common_name_is_day(const char *name)
{
    return is_one_of(name, days, COUNT(days));
}
