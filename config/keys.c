#include "config/keys.h"

#include "config/sidecar.h"

#define MS ((int64_t)1)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define KIB ((int64_t)1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

static const char *const log_levels[] = { "error", "warning", "notice", "info", "debug", NULL };
static const char *const tls_modes[] = { "never", "opportunistic", "required", NULL };
static const char *const attachment_kinds[] = { "csv", "xarf", NULL };
static const char *const formats[] = { "auto", "csv", "jsonl", "json", "xarf", "n6", "crowdsec", "list", NULL };
static const char *const encodings[] = { "auto", "utf-8", "latin1", NULL };

static const char *const aggregates[] = { "type", "asn", "incident", NULL };
static const char *const rounds[] = { "at-once", "hourly", "daily", NULL };

const char *const config_may_set_words[] = { "campaign", "template", "language", "note", "columns", "header",
                                             "format",   "encoding", "type",     "hold", NULL };

#define AT(member) offsetof(struct config, member)

static const struct config_key keys[] = {
    { "sender.name", CONFIG_TEXT, AT(sender.name), "\"\"", 0, 100,
      .help = "The person or team who writes, as it stands in From." },
    { "sender.address", CONFIG_ADDRESS, AT(sender.address), "\"\"", .help = "The address in From." },
    { "sender.reply_to", CONFIG_ADDRESS, AT(sender.reply_to), "\"\"",
      .help = "Where answers go; people read them there. Empty: the same as address." },
    { "sender.organisation", CONFIG_TEXT, AT(sender.organisation), "\"\"", 0, 200,
      .help = "Who we are, in one line: the institute, the CERT, the company." },
    { "sender.about", CONFIG_TEXT, AT(sender.about), "\"\"", 0, 1000,
      .help = "One or two sentences for somebody who has never heard of us: who writes, and why." },
    { "sender.website", CONFIG_URL, AT(sender.website), "\"\"",
      .help = "The public page that says who we are, why we write and how to make it stop." },
    { "sender.phone", CONFIG_TEXT, AT(sender.phone), "\"\"", 0, 50, .help = "A telephone number to ask at." },

    { "return_path.bounce", CONFIG_MAILBOX, AT(return_path.bounce), "\"\"",
      .help = "The mailbox that bounces come back to. Mail goes out with +TOKEN after its local part, so the mail "
              "system has to "
              "deliver bounce+ANYTHING@ to Tocsin as well." },
    { "return_path.opt_out", CONFIG_MAILBOX, AT(return_path.opt_out), "\"\"",
      .help =
          "The mailbox that opt-outs come to, likewise. A mail to it ends all further mail to whoever got the token." },
    { "return_path.helo", CONFIG_HOST, AT(return_path.helo), "\"\"", .restart = true,
      .help = "The name that we give in EHLO. Empty: the host's own name." },

    { "paths.spool", CONFIG_PATH, AT(paths.spool), "/var/spool/tocsin", 1, .restart = true,
      .help = "The directory that holds incoming/, processing/, done/ and failed/." },
    { "paths.store", CONFIG_PATH, AT(paths.store), "/var/lib/tocsin/tocsin.db", 1, .restart = true,
      .help = "The store, one SQLite file, on a local disk." },
    { "paths.control_socket", CONFIG_SOCKET, AT(paths.control_socket), "/run/tocsin/control.sock", 1, .restart = true,
      .help = "The socket through which the tocsin command talks to the daemon." },
    { "paths.templates", CONFIG_PATH, AT(paths.templates),
      "[/etc/tocsin/templates, /usr/local/share/tocsin/templates, /usr/share/tocsin/templates]", 1, 16, .list = true,
      .help = "Directories with notification templates; the first that has the file wins." },
    { "paths.token_keys", CONFIG_SECRET, AT(paths.token_keys), "\"\"", .restart = true,
      .help =
          "The file with the secret keys of bounce and opt-out tokens, made on the first start if it is not there; or "
          "credential:NAME for a systemd credential. Empty: token.keys beside the store." },
    { "paths.public_suffixes", CONFIG_PATH, AT(paths.public_suffixes), "\"\"", .restart = true,
      .help = "The public suffix list to use instead of Debian's." },

    { "spool.rescan", CONFIG_DURATION, AT(spool.rescan), "60s", 100 * MS, DAY,
      .help = "How often incoming/ and bounces.maildir are looked through, besides when the kernel reports a change." },
    { "spool.quiet", CONFIG_DURATION, AT(spool.quiet), "10s", 0, HOUR,
      .help = "A file that is written in place is taken after this long without a change. A renamed one is taken at "
              "once." },
    { "spool.result_every", CONFIG_DURATION, AT(spool.result_every), "10m", 0, DAY,
      .help = "The shortest time between two versions of a NAME.result.jsonl." },
    { "spool.max_file", CONFIG_SIZE, AT(spool.max_file), "1G", 1 * KIB, 64 * GIB,
      .help = "A larger feed file is refused." },

    { "dns.servers", CONFIG_SERVER, AT(dns.servers), "[]", 0, 16, .list = true, .restart = true,
      .help = "The resolvers to ask, such as [127.0.0.1, \"192.0.2.53:5353\"]. Empty: those of /etc/resolv.conf. Use "
              "one of your own: "
              "a public one will limit you." },
    { "dns.timeout", CONFIG_DURATION, AT(dns.timeout), "3s", 50 * MS, MINUTE, .restart = true,
      .help = "How long one try of a query may take." },
    { "dns.tries", CONFIG_INTEGER, AT(dns.tries), "3", 1, 10, .restart = true, .help = "Tries of a query." },
    { "dns.in_flight", CONFIG_INTEGER, AT(dns.in_flight), "500", 1, 5000, .restart = true,
      .help = "Queries under way at once. Answers get lost when there are more than receive_buffer holds." },
    { "dns.receive_buffer", CONFIG_SIZE, AT(dns.receive_buffer), "4M", 64 * KIB, 256 * MIB, .restart = true,
      .help = "The receive buffer of each socket. The kernel's net.core.rmem_max limits it." },
    { "dns.retry", CONFIG_DURATION, AT(dns.retry), "5m", 100 * MS, DAY,
      .help = "When DNS fails for a target, it is asked again after this long, then twice as long, and so on." },
    { "dns.give_up", CONFIG_DURATION, AT(dns.give_up), "1d", 0, 30 * DAY,
      .help = "After this long without an answer, the ladder is built without it." },

    { "contacts.order", CONFIG_KIND, AT(contacts.order),
      "[override, contactdb-domain, contactdb-ip, rfc2142-abuse, rfc2142-security, rfc2142-postmaster, "
      "rfc2142-hostmaster, rfc2142-webmaster, rfc2142-info, soa]",
      1, 64, .list = true,
      .help = "Kinds of contact, best first: whom to tell before whom. The SOA record of a domain is asked for only "
              "where soa stands here." },
    { "contacts.mailboxes", CONFIG_LOCAL_PART, AT(contacts.mailboxes),
      "[abuse, security, postmaster, hostmaster, webmaster, info]", 0, 32, .list = true,
      .help = "Role mailboxes of RFC 2142 to try at a domain, best first." },
    { "contacts.database_domain", CONFIG_HOST, AT(contacts.database_domain), "\"\"",
      .help = "A zone of the DNS that knows contacts by domain, in abuse.net's form: TXT records of DOMAIN.ZONE with "
              "mailboxes in them. Whoever runs it learns which domains you ask about. Empty: none." },
    { "contacts.database_ip", CONFIG_HOST, AT(contacts.database_ip), "\"\"",
      .help = "The same by address, in Abusix's form: TXT records of the reversed address below it, such as "
              "7.2.0.192.ZONE. Empty: none." },
    { "contacts.max_contacts", CONFIG_INTEGER, AT(contacts.max_contacts), "6", 1, 50,
      .help = "How many contacts may be written to about one case, one after the other." },
    { "contacts.overrides", CONFIG_OVERRIDES, AT(contacts.overrides), "[]", 0, 50000, .list = true,
      .help = "People whom we know to be right: they come before whatever is found." },

    { "delivery.relay", CONFIG_ENDPOINT, AT(delivery.relay), "127.0.0.1:25", .restart = true,
      .help = "The mail server that takes our mail, HOST:PORT. HOST is a name, an IPv4 address, or an IPv6 address in "
              "brackets." },
    { "delivery.tls", CONFIG_WORD, AT(delivery.tls), "opportunistic", .words = tls_modes, .restart = true,
      .help =
          "Is the way to the relay encrypted (STARTTLS)? opportunistic: where the relay offers it, whoever answers; "
          "when it does not work, in plain text. required: only to a relay whose certificate proves its name; else "
          "nothing is sent. `tocsin check --relay` shows how it would go." },
    { "delivery.tls_ca", CONFIG_PATH, AT(delivery.tls_ca), "\"\"", .restart = true,
      .help = "A file of certificates (PEM) to trust in place of the system's authorities: the relay's own, or its "
              "authority's." },
    { "delivery.tls_name", CONFIG_HOST, AT(delivery.tls_name), "\"\"", .restart = true,
      .help = "The name that the relay's certificate has to prove. Empty: the host in relay." },
    { "delivery.auth_user", CONFIG_TEXT, AT(delivery.auth_user), "\"\"", 0, 255, .restart = true,
      .help =
          "The name to log in with at the relay (AUTH PLAIN, LOGIN or CRAM-MD5). Empty: no login. Without TLS, only "
          "CRAM-MD5 is used, unless the relay runs on this machine." },
    { "delivery.auth_password", CONFIG_SECRET, AT(delivery.auth_password), "\"\"", .restart = true,
      .help = "The file with the password on its first line, which only its owner and group may read; or "
              "credential:NAME for a systemd credential." },
    { "delivery.sessions", CONFIG_INTEGER, AT(delivery.sessions), "8", 1, 256, .restart = true,
      .help = "SMTP sessions at once." },
    { "delivery.messages_per_session", CONFIG_INTEGER, AT(delivery.messages_per_session), "100", 1, 10000,
      .restart = true, .help = "Mails sent through one session before it is closed and a new one opened." },
    { "delivery.timeout", CONFIG_DURATION, AT(delivery.timeout), "5m", 100 * MS, HOUR, .restart = true,
      .help = "How long to wait for each reply of the relay. RFC 5321 asks for 5 minutes at least." },
    { "delivery.connect_timeout", CONFIG_DURATION, AT(delivery.connect_timeout), "30s", 100 * MS, 10 * MINUTE,
      .restart = true, .help = "How long to wait for a connection." },
    { "delivery.rate", CONFIG_RATE, AT(delivery.rate), "0", 0, 100000000,
      .help = "Mails in all; a minute's worth of them may go out at once. 0: as fast as the relay takes them." },
    { "delivery.rate_per_domain", CONFIG_RATE, AT(delivery.rate_per_domain), "600/h", 0, 100000000,
      .help = "Mails to one recipient domain, likewise. 0: no limit." },
    { "delivery.retry_first", CONFIG_DURATION, AT(delivery.retry_first), "30m", 10 * MS, DAY,
      .help = "The wait after the first deferral; it doubles with each further one. RFC 5321 asks for 30 minutes at "
              "least." },
    { "delivery.retry_max", CONFIG_DURATION, AT(delivery.retry_max), "4h", 10 * MS, 7 * DAY,
      .help = "The longest wait." },
    { "delivery.retry_for", CONFIG_DURATION, AT(delivery.retry_for), "5d", 10 * MS, 30 * DAY,
      .help = "A mail deferred for longer than this is given up, and the next contact is tried." },

    { "bounces.lmtp_socket", CONFIG_SOCKET, AT(bounces.lmtp_socket), "/run/tocsin/lmtp.sock", .restart = true,
      .help = "The Unix socket at which mail to the return_path mailboxes is taken by LMTP. Empty: none." },
    { "bounces.lmtp_listen", CONFIG_LOOPBACK, AT(bounces.lmtp_listen), "\"\"", .restart = true,
      .help = "The same on TCP, such as 127.0.0.1:2424, for mail systems that cannot see the socket. Empty: none." },
    { "bounces.maildir", CONFIG_PATH, AT(bounces.maildir), "\"\"", .restart = true,
      .help = "A Maildir that mail to the return_path mailboxes is delivered into, for mail systems that do not speak "
              "LMTP; What was taken in goes from new/ to cur/. Empty: "
              "none." },
    { "bounces.window", CONFIG_DURATION, AT(bounces.window), "7d", 10 * MS, 90 * DAY,
      .help = "A mail that was accepted, and that did not bounce for this long, counts as delivered. Relays may try "
              "for 5 days." },
    { "bounces.max_message", CONFIG_SIZE, AT(bounces.max_message), "1M", 16 * KIB, 64 * MIB, .restart = true,
      .help = "Of a longer message only this much is read. It is never refused." },

    { "campaigns.approve_above", CONFIG_INTEGER, AT(campaigns.approve_above), "100", 0, 100000000,
      .help =
          "A campaign with more targets than this waits until a person has looked at the preview and approved it." },
    { "campaigns.aggregate_wait", CONFIG_DURATION, AT(campaigns.aggregate_wait), "1h", 0, 7 * DAY,
      .help = "How long a case waits for others with the same contact, so that they go out in one mail." },
    { "campaigns.contact_interval", CONFIG_DURATION, AT(campaigns.contact_interval), "24h", 0, 90 * DAY,
      .help = "A contact gets at most one mail of a campaign in this time; of each kind of mail, where a profile tells "
              "them "
              "apart (aggregate_by)." },
    { "campaigns.dedup_window", CONFIG_DURATION, AT(campaigns.dedup_window), "30d", 0, 365 * DAY,
      .help =
          "A finding that is seen again in this time after the last mail about it was accepted is counted, and nobody "
          "is mailed. Seen again later, it becomes a reminder. What counts is when the file with it came, whatever "
          "time its rows name." },
    { "campaigns.max_reminders", CONFIG_INTEGER, AT(campaigns.max_reminders), "2", 0, 10,
      .help = "So many reminders of one finding go out at most. More than two help nobody: who has not acted by then "
              "will not." },
    { "campaigns.expire", CONFIG_DURATION, AT(campaigns.expire), "30d", SECOND, 365 * DAY,
      .help = "The campaign's end, counted from its start: old news helps nobody." },
    { "campaigns.max_rejected", CONFIG_PERCENT, AT(campaigns.max_rejected), "20%", 0, 100,
      .help =
          "When more of a file's rows than this cannot be read (and more than two), its campaign waits for a person, "
          "whatever approve_above says: the others may have been read wrong. A file of which nothing can be read "
          "fails." },
    { "campaigns.bounce_proof", CONFIG_DURATION, AT(campaigns.bounce_proof), "7d", 0, 365 * DAY,
      .help = "No campaign begins unless a mail to ourselves has come back as a bounce would (`tocsin check --send`) "
              "less than this long ago: where bounces do not come back, every mail counts as delivered. While a "
              "campaign waits for that, tocsind sends such a mail by itself. 0: never asked for." },
    { "campaigns.brake", CONFIG_INTEGER, AT(campaigns.brake), "5", 0, 10000,
      .help = "So many refusals in a row that are about us, not about the recipient, pause the campaign. 0: never." },

    { "access.submit_group", CONFIG_GROUP, AT(access.submit_group), "tocsin-submit",
      .help = "Members may submit feeds, and see what concerns their own campaigns." },
    { "access.admin_group", CONFIG_GROUP, AT(access.admin_group), "tocsin-admin",
      .help = "Members may do everything: approve, hold, cancel, suppress, stop." },

    { "profiles", CONFIG_PROFILES, AT(profiles), "{}", 0, 500,
      .help = "Settings for a kind of feed. A profile's name is made of a-z, 0-9 and -; feed files in incoming/NAME/ "
              "are read by it, all "
              "others by default." },

    { "log.level", CONFIG_WORD, AT(log_level), "info", .words = log_levels,
      .help = "The least important messages that are logged." },
};

#undef AT
#define AT(member) offsetof(struct config_profile, member)

static const struct config_key profile_keys[] = {
    { "template", CONFIG_NAME, AT(template_name), "auto", 1, 64,
      .help =
          "The template of the mails, NAME in NAME.LANGUAGE.txt. auto: by what was seen (classification.identifier, "
          "then classification.type, then the kind of problem), and notification where there is none for it." },
    { "reminder_template", CONFIG_NAME, AT(reminder_template), "reminder", 1, 64,
      .help =
          "The template of mails that tell again of what their reader was told of before (campaigns.dedup_window)." },
    { "language", CONFIG_LANGUAGE, AT(language), "en",
      .help =
          "The language of mails to those of whom nothing tells theirs: no override's language, and no country-code "
          "domain of a country with one language." },
    { "bilingual", CONFIG_BOOLEAN, AT(bilingual), "false",
      .help = "Does a mail in another language than English say the same in English below?" },
    { "html", CONFIG_BOOLEAN, AT(html), "false",
      .help =
          "Does a mail have its text as HTML besides, for mail programs that show that rather (multipart/alternative)? "
          "Where there is a NAME.LANGUAGE.html beside its template; other mails are plain text alone." },
    { "rows_in_text", CONFIG_INTEGER, AT(rows_in_text), "20", 0, 100,
      .help = "A mail about more incidents than this sums them up in its text; the attachments have them all." },
    { "defang_urls", CONFIG_BOOLEAN, AT(defang_urls), "true",
      .help = "Does the text show URLs of incidents as hxxp://, so that nobody follows them by a slip of the hand, and "
              "no filter takes the mail for one that spreads them? The attachments have them as they are. false: so "
              "does the text." },
    { "attachments", CONFIG_WORD, AT(attachments), "[csv]", 0, 2, .words = attachment_kinds, .list = true,
      .help = "What a mail has attached. csv: the incidents as a table, safe to open in a spreadsheet. xarf: as X-ARF "
              "v4 reports, for "
              "receivers who sort their mail by program." },
    { "zip_above", CONFIG_SIZE, AT(zip_above), "256k", 0, 8 * MIB,
      .help = "Attachments of more than this together go into a zip archive. 0: never." },
    { "format", CONFIG_WORD, AT(format), "auto", .words = formats, .help = "The feed's format; auto: by its content." },
    { "encoding", CONFIG_WORD, AT(encoding), "auto", .words = encodings,
      .help = "What the feed's text is written in. latin1: ISO 8859-1, or rather windows-1252; a row with bytes that "
              "the encoding does not have is rejected. auto: each value by its bytes, UTF-8 where they are it, else "
              "latin1." },
    { "header", CONFIG_BOOLEAN, AT(header), "true", .help = "Does the first row of a CSV file name the columns?" },
    { "columns", CONFIG_COLUMNS, AT(columns), "{}", 0, 200,
      .example = "{ Domain: source.fqdn, Seen: time.source, Remark: \"\" }",
      .help = "What a CSV file's columns are: a header's name, or a number from 1 (in JSON: a member's path, such as "
              "asset.name), and the IntelMQ field that it "
              "holds; \"\" drops the "
              "column. Empty: common names are recognised." },
    { "type", CONFIG_NAME, AT(type), NULL, 1, 64, .example = "infected-system",
      .help = "classification.type of rows that have none." },
    { "approve_above", CONFIG_INTEGER, AT(approve_above), NULL, 0, 100000000, .example = "100",
      .help = "Instead of campaigns.approve_above." },
    { "dedup_window", CONFIG_DURATION, AT(dedup_window), NULL, 0, 365 * DAY, .example = "30d",
      .help = "Instead of campaigns.dedup_window." },
    { "max_reminders", CONFIG_INTEGER, AT(max_reminders), NULL, 0, 10, .example = "2",
      .help = "Instead of campaigns.max_reminders." },
    { "max_rejected", CONFIG_PERCENT, AT(max_rejected), NULL, 0, 100, .example = "20%",
      .help = "Instead of campaigns.max_rejected." },
    { "aggregate_by", CONFIG_WORD, AT(aggregate_by), "[]", 0, 3, .words = aggregates, .list = true,
      .help = "What is never in one mail, though its contact is the same: different types (classification.type), "
              "different networks (asn: source.asn), or, for those who want single reports, any two incidents; what "
              "is the same but for its time still is one. campaigns.contact_interval then holds for each of these "
              "by itself, and delivery.rate_per_domain alone for all that a contact gets. Empty: all for one contact "
              "goes into one mail." },
    { "send", CONFIG_WORD, AT(send), "at-once", .words = rounds,
      .help = "When mails go out, once campaigns.aggregate_wait is over: at-once; hourly: at the next full hour; "
              "daily: at the next send_at. It holds for what a person approves as well, for reminders and for mails "
              "to the next contact; not for a rehearsal." },
    { "send_at", CONFIG_TIME_OF_DAY, AT(send_at), "09:00", .help = "The time of day for send: daily." },
    { "business_hours", CONFIG_HOURS, AT(business_hours), NULL, .example = "9-17",
      .help = "Mails go out from Monday to Friday, from the first of these full hours until the last; what a server "
              "deferred is tried again at any time. Not set: at all hours. These times are those of the recipient's "
              "country: of the region in an override's language (de-AT), of the country-code domain of an owner's "
              "target or else of the address, of the target's; in a country with several zones, of its capital." },
    { "time_zone", CONFIG_ZONE, AT(time_zone), "UTC",
      .help = "The zone where the recipient's country is not known, as tzdata calls it: Europe/Berlin." },
    { "group", CONFIG_GROUP, AT(group), NULL, .example = "cert-team",
      .help =
          "The Unix group whose members may submit with this profile; administrators may as well. Not set: whoever may "
          "submit at all." },
    { "may_set", CONFIG_WORD, AT(may_set),
      "[campaign, template, language, note, columns, header, format, encoding, type, hold]", 0, 16,
      .words = config_may_set_words, .list = true,
      .help = "What they may say of a feed themselves, in NAME.meta.yaml beside it or by options of `tocsin submit`. "
              "Administrators "
              "may say all of it." },
    { "sender.name", CONFIG_TEXT, AT(sender.name), NULL, 0, 100, .example = "\"\"",
      .help = "Each instead of the global sender's." },
    { "sender.address", CONFIG_ADDRESS, AT(sender.address), NULL, .example = "\"\"" },
    { "sender.reply_to", CONFIG_ADDRESS, AT(sender.reply_to), NULL, .example = "\"\"" },
    { "sender.organisation", CONFIG_TEXT, AT(sender.organisation), NULL, 0, 200, .example = "\"\"" },
    { "sender.about", CONFIG_TEXT, AT(sender.about), NULL, 0, 1000, .example = "\"\"" },
    { "sender.website", CONFIG_URL, AT(sender.website), NULL, .example = "\"\"" },
    { "sender.phone", CONFIG_TEXT, AT(sender.phone), NULL, 0, 50, .example = "\"\"" },
};

#undef AT
#define AT(member) offsetof(struct config_override, member)

static const struct config_key override_keys[] = {
    { "domain", CONFIG_DOMAIN, AT(domain), NULL, .example = "bakery.example", .help = "This domain, or" },
    { "suffix", CONFIG_SUFFIX, AT(suffix), NULL, .example = "hosting.example",
      .help = "every name below this one, or" },
    { "network", CONFIG_NETWORK, AT(network), NULL, .example = "192.0.2.0/24",
      .help = "every address in this network: exactly one of these three." },
    { "contacts", CONFIG_ADDRESS, AT(contacts), NULL, 1, 16, .list = true, .example = "[abuse@hosting.example]",
      .help = "Addresses, best first." },
    { "party", CONFIG_PARTY, AT(party), NULL, .example = "hoster",
      .help = "Whose they are. If not said: the owner's for a domain, else the hoster's." },
    { "language", CONFIG_LANGUAGE, AT(language), NULL, .example = "de",
      .help = "The language that they read. If not said: their country's." },
};

#undef AT
#define AT(member) offsetof(struct config_sidecar, member)

static const struct config_key sidecar_keys[] = {
    { "campaign", CONFIG_TITLE, AT(campaign), NULL, 1, 100, .example = "open relays, May",
      .help = "The campaign that the feed belongs to. If not said: the profile's name and the file's." },
    { "profile", CONFIG_NAME, AT(profile), NULL, 1, 64, .example = "default",
      .help = "The profile to read it by, for a feed in incoming/ itself." },
    { "template", CONFIG_NAME, AT(own.template_name), NULL, 1, 64, .example = "notification",
      .help = "Instead of the profile's template." },
    { "language", CONFIG_LANGUAGE, AT(language), NULL, .example = "de",
      .help = "The language to write in, whatever else would choose one." },
    { "note", CONFIG_TEXT, AT(note), NULL, 1, 500, .example = "We have told the police as well.",
      .help = "A sentence of the submitter's that every mail of the campaign shows." },
    { "format", CONFIG_WORD, AT(own.format), NULL, .words = formats, .example = "csv",
      .help = "Instead of the profile's format." },
    { "encoding", CONFIG_WORD, AT(own.encoding), NULL, .words = encodings, .example = "latin1",
      .help = "Instead of the profile's encoding." },
    { "header", CONFIG_BOOLEAN, AT(own.header), NULL, .example = "false", .help = "Instead of the profile's header." },
    { "columns", CONFIG_COLUMNS, AT(own.columns), NULL, 0, 200, .example = "{ Domain: source.fqdn, Seen: time.source }",
      .help = "Instead of the profile's columns, all of them." },
    { "type", CONFIG_NAME, AT(own.type), NULL, 1, 64, .example = "infected-system",
      .help = "classification.type of rows that have none." },
    { "hold", CONFIG_BOOLEAN, AT(hold), NULL, .example = "true",
      .help = "true: wait for `tocsin campaign approve`, however few targets there are." },
};

#define TABLE(rows)                                                                                                    \
    {                                                                                                                  \
        (rows), sizeof(rows) / sizeof *(rows)                                                                          \
    }

_Static_assert(sizeof keys / sizeof *keys <= CONFIG_KEYS_MAX, "raise CONFIG_KEYS_MAX");

const struct config_table config_keys = TABLE(keys);
const struct config_table config_profile_keys = TABLE(profile_keys);
const struct config_table config_override_keys = TABLE(override_keys);
const struct config_table config_sidecar_keys = TABLE(sidecar_keys);

const struct config_section config_sections[] = {
    { "sender", "Who writes. Every mail says so; fill this in before the first campaign." },
    { "return_path",
      "Where mail comes back to. The bounce and opt-out mailboxes have to be set before anything is sent." },
    { "paths", "Where things live. Every path begins with /." },
    { "spool", "Taking in feed files." },
    { "dns", "Asking DNS for a target's mail servers." },
    { "contacts", "Whom to tell." },
    { "delivery", "Handing mail over." },
    { "bounces", "What comes back." },
    { "campaigns", "Politeness and caution." },
    { "access", "Who may do what: Unix groups. Root may do everything." },
    { "log", "The log, on standard error or in the journal." },
    { NULL, NULL },
};
