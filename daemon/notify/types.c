#include "daemon/base/mem.h"
#include "daemon/base/spelling.h"
#include "daemon/notify/parts.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* The first row that fits counts: NULL fits anything, so the rows with an identifier come first. The words, in the order of enum words_language, stand after "What was seen:", and must
 * not say who did it and who suffered it: in one feed the target is the scanner, in the next the scanned. To add a type, add a row. */
static const struct {
    const char *type, *identifier, *text[WORDS_COUNT];
} types[] = {
    { "scanner",
      "open-relay",
      { "a check whether a mail server forwards mail for strangers (open relay probe)",
        "eine Prüfung, ob ein Mailserver fremde Mails weiterleitet (Suche nach offenen Relays)",
        "un test pour savoir si un serveur de messagerie relaie le courrier d'inconnus (recherche de relais ouverts)",
        "una comprobación de si un servidor de correo reenvía mensajes de desconocidos (búsqueda de relés "
        "abiertos)" } },
    { "brute-force",
      "smtp-auth",
      { "attempts to guess the passwords of mailboxes", "Versuche, Passwörter von Postfächern zu erraten",
        "des tentatives de deviner des mots de passe de messagerie",
        "intentos de adivinar contraseñas de buzones de correo" } },
    { "brute-force",
      "ssh",
      { "attempts to guess passwords of an SSH server", "Versuche, Passwörter eines SSH-Servers zu erraten",
        "des tentatives de deviner des mots de passe d'un serveur SSH",
        "intentos de adivinar contraseñas de un servidor SSH" } },
    { NULL,
      "open-relay",
      { "a mail server that forwards mail for strangers (open relay)",
        "ein Mailserver, der fremde Mails weiterleitet (offenes Relay)",
        "un serveur de messagerie qui relaie le courrier d'inconnus (relais ouvert)",
        "un servidor de correo que reenvía mensajes de desconocidos (relé abierto)" } },
    { NULL,
      "open-resolver",
      { "a name server that answers anyone (open DNS resolver)",
        "ein Nameserver, der jedem antwortet (offener DNS-Resolver)",
        "un serveur de noms qui répond à tout le monde (résolveur DNS ouvert)",
        "un servidor de nombres que responde a cualquiera (servidor DNS abierto)" } },
    { NULL,
      "dns-open-resolver",
      { "a name server that answers anyone (open DNS resolver)",
        "ein Nameserver, der jedem antwortet (offener DNS-Resolver)",
        "un serveur de noms qui répond à tout le monde (résolveur DNS ouvert)",
        "un servidor de nombres que responde a cualquiera (servidor DNS abierto)" } },
    { NULL,
      "open-dns",
      { "a name server that answers anyone (open DNS resolver)",
        "ein Nameserver, der jedem antwortet (offener DNS-Resolver)",
        "un serveur de noms qui répond à tout le monde (résolveur DNS ouvert)",
        "un servidor de nombres que responde a cualquiera (servidor DNS abierto)" } },
    { NULL,
      "open-ntp",
      { "a time server that can be abused to attack others (open NTP)",
        "ein Zeitserver, der für Angriffe auf andere missbraucht werden kann (offenes NTP)",
        "un serveur de temps qui peut servir à attaquer des tiers (NTP ouvert)",
        "un servidor de hora que puede usarse para atacar a otros (NTP abierto)" } },
    { NULL,
      "open-memcached",
      { "a memcached server that anyone can reach", "ein Memcached-Server, den jeder erreichen kann",
        "un serveur memcached accessible à tout le monde", "un servidor memcached al que cualquiera puede acceder" } },
    { NULL,
      "open-mongodb",
      { "a database that anyone can reach (MongoDB)", "eine Datenbank, die jeder erreichen kann (MongoDB)",
        "une base de données accessible à tout le monde (MongoDB)",
        "una base de datos a la que cualquiera puede acceder (MongoDB)" } },
    { NULL,
      "open-redis",
      { "a database that anyone can reach (Redis)", "eine Datenbank, die jeder erreichen kann (Redis)",
        "une base de données accessible à tout le monde (Redis)",
        "una base de datos a la que cualquiera puede acceder (Redis)" } },
    { NULL,
      "open-elasticsearch",
      { "a database that anyone can reach (Elasticsearch)", "eine Datenbank, die jeder erreichen kann (Elasticsearch)",
        "une base de données accessible à tout le monde (Elasticsearch)",
        "una base de datos a la que cualquiera puede acceder (Elasticsearch)" } },
    { NULL,
      "open-rdp",
      { "a remote desktop that anyone can reach (RDP)", "ein Fernzugang, den jeder erreichen kann (RDP)",
        "un bureau à distance accessible à tout le monde (RDP)",
        "un escritorio remoto al que cualquiera puede acceder (RDP)" } },
    { NULL,
      "open-smb",
      { "a file server that anyone can reach (SMB)", "ein Dateiserver, den jeder erreichen kann (SMB)",
        "un serveur de fichiers accessible à tout le monde (SMB)",
        "un servidor de archivos al que cualquiera puede acceder (SMB)" } },
    { NULL,
      "open-telnet",
      { "a Telnet service that anyone can reach", "ein Telnet-Dienst, den jeder erreichen kann",
        "un service Telnet accessible à tout le monde", "un servicio Telnet al que cualquiera puede acceder" } },
    { NULL,
      "open-relay-probe",
      { "a check whether a mail server forwards mail for strangers (open relay probe)",
        "eine Prüfung, ob ein Mailserver fremde Mails weiterleitet (Suche nach offenen Relays)",
        "un test pour savoir si un serveur de messagerie relaie le courrier d'inconnus (recherche de relais ouverts)",
        "una comprobación de si un servidor de correo reenvía mensajes de desconocidos (búsqueda de relés "
        "abiertos)" } },
    { NULL,
      "exposed-git",
      { "a directory with a web site's source code that anyone can read (.git)",
        "ein Verzeichnis mit dem Quelltext einer Website, das jeder lesen kann (.git)",
        "un répertoire contenant le code source d'un site, lisible par tout le monde (.git)",
        "un directorio con el código fuente de un sitio web que cualquiera puede leer (.git)" } },
    { NULL,
      "exposed-env",
      { "a file with settings and passwords that anyone can read (.env)",
        "eine Datei mit Einstellungen und Passwörtern, die jeder lesen kann (.env)",
        "un fichier de réglages et de mots de passe lisible par tout le monde (.env)",
        "un archivo con ajustes y contraseñas que cualquiera puede leer (.env)" } },
    { NULL,
      "exposed-backup",
      { "a backup that anyone can read", "eine Sicherungskopie, die jeder lesen kann",
        "une sauvegarde lisible par tout le monde", "una copia de seguridad que cualquiera puede leer" } },
    { NULL,
      "leaked-credentials",
      { "login names and passwords that others know", "Zugangsdaten, die andere kennen",
        "des identifiants et mots de passe connus de tiers", "nombres de usuario y contraseñas que otros conocen" } },
    { NULL,
      "leaked-password",
      { "login names and passwords that others know", "Zugangsdaten, die andere kennen",
        "des identifiants et mots de passe connus de tiers", "nombres de usuario y contraseñas que otros conocen" } },

    { "application-compromise",
      NULL,
      { "an application that was broken into", "eine Anwendung, in die eingebrochen wurde", "une application piratée",
        "una aplicación en la que alguien ha entrado sin permiso" } },
    { "backdoor",
      NULL,
      { "a hidden way in that an attacker left (backdoor)",
        "ein verborgener Zugang, den ein Angreifer hinterlassen hat (Backdoor)",
        "un accès caché laissé par un attaquant (porte dérobée)",
        "un acceso oculto que dejó un atacante (puerta trasera)" } },
    { "blacklist",
      NULL,
      { "an entry in a blocklist", "ein Eintrag in einer Sperrliste", "une inscription sur une liste de blocage",
        "una entrada en una lista de bloqueo" } },
    { "blocklist",
      NULL,
      { "an entry in a blocklist", "ein Eintrag in einer Sperrliste", "une inscription sur une liste de blocage",
        "una entrada en una lista de bloqueo" } },
    { "botnet drone",
      NULL,
      { "a computer that is remotely controlled by criminals (botnet)",
        "ein Computer, den Kriminelle fernsteuern (Botnetz)",
        "un ordinateur commandé à distance par des criminels (botnet)",
        "un ordenador controlado a distancia por delincuentes (botnet)" } },
    { "brute-force",
      NULL,
      { "attempts to guess passwords (brute force)", "Versuche, Passwörter zu erraten (Brute Force)",
        "des tentatives de deviner des mots de passe (force brute)",
        "intentos de adivinar contraseñas (fuerza bruta)" } },
    { "burglary",
      NULL,
      { "a break-in at the place where the equipment stands", "ein Einbruch an dem Ort, an dem die Geräte stehen",
        "une effraction là où se trouve le matériel", "un robo en el lugar donde están los equipos" } },
    { "c&c",
      NULL,
      { "a server that controls infected computers (botnet controller)",
        "ein Server, der infizierte Computer steuert (Botnetz-Steuerung)",
        "un serveur qui commande des ordinateurs infectés (contrôleur de botnet)",
        "un servidor que controla ordenadores infectados (controlador de botnet)" } },
    { "c2-server",
      NULL,
      { "a server that controls infected computers (botnet controller)",
        "ein Server, der infizierte Computer steuert (Botnetz-Steuerung)",
        "un serveur qui commande des ordinateurs infectés (contrôleur de botnet)",
        "un servidor que controla ordenadores infectados (controlador de botnet)" } },
    { "c2server",
      NULL,
      { "a server that controls infected computers (botnet controller)",
        "ein Server, der infizierte Computer steuert (Botnetz-Steuerung)",
        "un serveur qui commande des ordinateurs infectés (contrôleur de botnet)",
        "un servidor que controla ordenadores infectados (controlador de botnet)" } },
    { "compromised",
      NULL,
      { "a system that was broken into", "ein System, in das eingebrochen wurde", "un système piraté",
        "un sistema en el que alguien ha entrado sin permiso" } },
    { "copyright",
      NULL,
      { "a report of a copyright infringement", "die Meldung einer Urheberrechtsverletzung",
        "un signalement d'atteinte au droit d'auteur", "un aviso de infracción de derechos de autor" } },
    { "data-leak",
      NULL,
      { "confidential data that others could read (data leak)",
        "vertrauliche Daten, die andere lesen konnten (Datenleck)",
        "des données confidentielles que d'autres ont pu lire (fuite de données)",
        "datos confidenciales que otros pudieron leer (filtración de datos)" } },
    { "data-loss",
      NULL,
      { "a loss of data", "ein Verlust von Daten", "une perte de données", "una pérdida de datos" } },
    { "ddos",
      NULL,
      { "an attack that overloads a service from many places (DDoS)",
        "ein Angriff, der einen Dienst von vielen Orten aus überlastet (DDoS)",
        "une attaque qui surcharge un service depuis de nombreux endroits (DDoS)",
        "un ataque que satura un servicio desde muchos lugares (DDoS)" } },
    { "ddos-amplifier",
      NULL,
      { "a service that can be abused to overload others (DDoS amplifier)",
        "ein Dienst, mit dem andere überlastet werden können (DDoS-Verstärker)",
        "un service qui peut servir à surcharger des tiers (amplificateur DDoS)",
        "un servicio que puede usarse para saturar a otros (amplificador de DDoS)" } },
    { "defacement",
      NULL,
      { "a web site whose pages were changed by an attacker (defacement)",
        "eine Website, deren Seiten ein Angreifer verändert hat (Defacement)",
        "un site dont les pages ont été modifiées par un attaquant (défiguration)",
        "un sitio web cuyas páginas cambió un atacante (desfiguración)" } },
    { "dga domain",
      NULL,
      { "a domain name of the kind that malware generates", "ein Domainname, wie Schadsoftware ihn erzeugt",
        "un nom de domaine comme en génèrent les logiciels malveillants",
        "un nombre de dominio como los que genera el software malicioso" } },
    { "dga-domain",
      NULL,
      { "a domain name of the kind that malware generates", "ein Domainname, wie Schadsoftware ihn erzeugt",
        "un nom de domaine comme en génèrent les logiciels malveillants",
        "un nombre de dominio como los que genera el software malicioso" } },
    { "dos",
      NULL,
      { "an attack that overloads a service (denial of service)",
        "ein Angriff, der einen Dienst überlastet (Denial of Service)",
        "une attaque qui surcharge un service (déni de service)",
        "un ataque que satura un servicio (denegación de servicio)" } },
    { "dropzone",
      NULL,
      { "a place where stolen data is collected", "eine Sammelstelle für gestohlene Daten",
        "un lieu où sont collectées des données volées", "un lugar donde se reúnen datos robados" } },
    { "exploit",
      NULL,
      { "an attack on a known weakness of a program", "ein Angriff auf eine bekannte Schwachstelle eines Programms",
        "une attaque contre une faille connue d'un programme", "un ataque a un punto débil conocido de un programa" } },
    { "fraud",
      NULL,
      { "an attempt at fraud", "ein Betrugsversuch", "une tentative d'escroquerie", "un intento de fraude" } },
    { "harmful-speech",
      NULL,
      { "harmful speech", "schädliche Äußerungen", "des propos préjudiciables", "expresiones dañinas" } },
    { "ids-alert",
      NULL,
      { "an attack that an intrusion detection system saw", "ein Angriff, den ein Erkennungssystem bemerkt hat",
        "une attaque repérée par un système de détection d'intrusion",
        "un ataque observado por un sistema de detección de intrusiones" } },
    { "infected-system",
      NULL,
      { "a system infected with malware", "ein System, das mit Schadsoftware infiziert ist",
        "un système infecté par un logiciel malveillant", "un sistema infectado con software malicioso" } },
    { "information-disclosure",
      NULL,
      { "information that others should not be able to read", "Informationen, die andere nicht lesen können sollten",
        "des informations que d'autres ne devraient pas pouvoir lire",
        "información que otros no deberían poder leer" } },
    { "leak",
      NULL,
      { "confidential data that others could read (data leak)",
        "vertrauliche Daten, die andere lesen konnten (Datenleck)",
        "des données confidentielles que d'autres ont pu lire (fuite de données)",
        "datos confidenciales que otros pudieron leer (filtración de datos)" } },
    { "malware", NULL, { "malware", "Schadsoftware", "un logiciel malveillant", "software malicioso" } },
    { "malware-configuration",
      NULL,
      { "a place from which malware takes its settings", "eine Stelle, von der Schadsoftware ihre Einstellungen holt",
        "un endroit où un logiciel malveillant prend ses réglages",
        "un lugar del que el software malicioso toma sus ajustes" } },
    { "malware-distribution",
      NULL,
      { "a web site or server that spreads malware",
        "eine Website oder ein Server, von dem Schadsoftware verbreitet wird",
        "un site ou un serveur qui diffuse des logiciels malveillants",
        "un sitio web o servidor que difunde software malicioso" } },
    { "masquerade",
      NULL,
      { "somebody who passes himself off as somebody else", "jemand, der sich als jemand anderes ausgibt",
        "quelqu'un qui se fait passer pour un autre", "alguien que se hace pasar por otra persona" } },
    { "misconfiguration",
      NULL,
      { "a setting that puts a system at risk (misconfiguration)",
        "eine Einstellung, die ein System gefährdet (Fehlkonfiguration)",
        "un réglage qui met un système en danger (erreur de configuration)",
        "un ajuste que pone en riesgo un sistema (mala configuración)" } },
    { "open-relay",
      NULL,
      { "a mail server that forwards mail for strangers (open relay)",
        "ein Mailserver, der fremde Mails weiterleitet (offenes Relay)",
        "un serveur de messagerie qui relaie le courrier d'inconnus (relais ouvert)",
        "un servidor de correo que reenvía mensajes de desconocidos (relé abierto)" } },
    { "outage",
      NULL,
      { "a service that is not available", "ein Dienst, der nicht erreichbar ist", "un service indisponible",
        "un servicio que no está disponible" } },
    { "phishing",
      NULL,
      { "pages or mails that trick people into giving away passwords (phishing)",
        "Seiten oder Mails, die Menschen Passwörter entlocken (Phishing)",
        "des pages ou des messages qui soutirent des mots de passe (hameçonnage)",
        "páginas o mensajes que engañan a la gente para obtener sus contraseñas (phishing)" } },
    { "potentially-unwanted-accessible",
      NULL,
      { "a service that anyone can reach, perhaps without intent",
        "ein Dienst, den jeder erreichen kann, vielleicht ungewollt",
        "un service accessible à tout le monde, peut-être sans le vouloir",
        "un servicio al que cualquiera puede acceder, quizá sin querer" } },
    { "privileged-account-compromise",
      NULL,
      { "an administrator's account in the hands of others", "ein Administratorkonto in fremden Händen",
        "un compte d'administrateur aux mains de tiers", "una cuenta de administrador en manos ajenas" } },
    { "proxy",
      NULL,
      { "a server that forwards traffic for strangers (open proxy)",
        "ein Server, der fremden Datenverkehr weiterleitet (offener Proxy)",
        "un serveur qui relaie le trafic d'inconnus (proxy ouvert)",
        "un servidor que reenvía tráfico de desconocidos (proxy abierto)" } },
    { "ransomware",
      NULL,
      { "malware that locks data and asks for ransom",
        "Schadsoftware, die Daten sperrt und Lösegeld verlangt (Ransomware)",
        "un logiciel qui verrouille les données et exige une rançon (rançongiciel)",
        "software que bloquea los datos y pide un rescate (ransomware)" } },
    { "sabotage", NULL, { "an act of sabotage", "Sabotage", "un acte de sabotage", "un acto de sabotaje" } },
    { "scanner",
      NULL,
      { "a search for weak points (scan)", "eine Suche nach Schwachstellen (Scan)",
        "une recherche de points faibles (balayage)", "una búsqueda de puntos débiles (escaneo)" } },
    { "sniffing",
      NULL,
      { "traffic that others listened to", "Datenverkehr, den andere mitgelesen haben",
        "du trafic que d'autres ont écouté", "tráfico que otros han escuchado" } },
    { "social-engineering",
      NULL,
      { "an attempt to talk people into giving away secrets", "ein Versuch, Menschen Geheimnisse zu entlocken",
        "une tentative de soutirer des secrets à quelqu'un", "un intento de sonsacar secretos a alguien" } },
    { "spam",
      NULL,
      { "unsolicited mail (spam)", "unerwünschte Werbemails (Spam)", "du courrier indésirable (spam)",
        "correo no deseado (spam)" } },
    { "system-compromise",
      NULL,
      { "a system that was broken into", "ein System, in das eingebrochen wurde", "un système piraté",
        "un sistema en el que alguien ha entrado sin permiso" } },
    { "test",
      NULL,
      { "a test, which means nothing", "ein Test, der nichts bedeutet", "un test, sans signification",
        "una prueba, que no significa nada" } },
    { "tor",
      NULL,
      { "a node of the Tor network", "ein Knoten des Tor-Netzes", "un nœud du réseau Tor", "un nodo de la red Tor" } },
    { "unauthorised-information-access",
      NULL,
      { "data that was read without permission", "Daten, die unbefugt gelesen wurden",
        "des données lues sans autorisation", "datos leídos sin permiso" } },
    { "unauthorised-information-modification",
      NULL,
      { "data that was changed without permission", "Daten, die unbefugt verändert wurden",
        "des données modifiées sans autorisation", "datos cambiados sin permiso" } },
    { "unauthorized-command",
      NULL,
      { "a command that was given without permission", "ein Befehl, der unbefugt gegeben wurde",
        "une commande donnée sans autorisation", "una orden dada sin permiso" } },
    { "unauthorized-login",
      NULL,
      { "a login without permission", "eine unbefugte Anmeldung", "une connexion sans autorisation",
        "un inicio de sesión sin permiso" } },
    { "unauthorized-use-of-resources",
      NULL,
      { "a system that is used without permission", "ein System, das unbefugt benutzt wird",
        "un système utilisé sans autorisation", "un sistema que se usa sin permiso" } },
    { "unprivileged-account-compromise",
      NULL,
      { "a user's account in the hands of others", "ein Benutzerkonto in fremden Händen",
        "un compte d'utilisateur aux mains de tiers", "una cuenta de usuario en manos ajenas" } },
    { "violence",
      NULL,
      { "a threat or depiction of violence", "eine Androhung oder Darstellung von Gewalt",
        "une menace ou une représentation de violence", "una amenaza o representación de violencia" } },
    { "vulnerable client",
      NULL,
      { "a program with a known weakness", "ein Programm mit einer bekannten Schwachstelle",
        "un programme qui a une faille connue", "un programa con un punto débil conocido" } },
    { "vulnerable service",
      NULL,
      { "a service with a known weakness", "ein Dienst mit einer bekannten Schwachstelle",
        "un service qui a une faille connue", "un servicio con un punto débil conocido" } },
    { "vulnerable-system",
      NULL,
      { "a system with a known weakness", "ein System mit einer bekannten Schwachstelle",
        "un système qui a une faille connue", "un sistema con un punto débil conocido" } },
    { "weak-crypto",
      NULL,
      { "encryption that is too weak", "eine zu schwache Verschlüsselung", "un chiffrement trop faible",
        "un cifrado demasiado débil" } },
};

static bool fits(const char *row, const char *value)
{
    return !row || (value && strcasecmp(row, value) == 0);
}

static const char *const unknown_text[WORDS_COUNT] = { "a security incident", "ein Sicherheitsvorfall",
                                                       "un incident de sécurité", "un incidente de seguridad" };

static const char *const *find_text(const char *type, const char *identifier)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (fits(types[i].type, type) && fits(types[i].identifier, identifier))
            return types[i].text;
    return NULL;
}

const char *type_text(enum words_language language, const char *type, const char *identifier)
{
    const char *const *text = find_text(type, identifier);
    return (text ? text : unknown_text)[language];
}

bool notify_knows_type(const char *type, const char *identifier)
{
    return find_text(type, identifier) != NULL;
}

/* "Open Relay", as a person writes it, is "open-relay". */
static void spell(const char *type, char out[static 64])
{
    size_t length = 0;
    for (; length < 63 && type[length]; length++)
        out[length] = strchr(" _", type[length]) ? '-' : (char)tolower((unsigned char)type[length]);
    out[length] = '\0';
}

static bool is_called(const char *word, const char *name)
{
    char spelt[64];
    if (!word)
        return false;
    spell(word, spelt);
    return strcmp(spelt, name) == 0;
}

bool notify_knows_name(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (is_called(types[i].type, name) || is_called(types[i].identifier, name))
            return true;
    return false;
}

char *notify_unknown_type(const struct notification *notification)
{
    struct rows rows;
    struct error error;
    char *unknown = NULL;
    if (rows_read(notification, &rows, &error))
        return NULL;
    for (size_t i = 0; !unknown && i < rows.count; i++) {
        const char *type = json_string_value(json_object_get(rows.items[i], "classification.type"));
        const char *identifier = json_string_value(json_object_get(rows.items[i], "classification.identifier"));
        if (!find_text(type, identifier))
            unknown = mem_string(type ? type : "");
    }
    rows_clear(&rows);
    return unknown;
}

void notify_suggest_type(const char *type, struct buf *out)
{
    char wrong[64];
    const char *best = NULL;
    spell(type, wrong);
    unsigned least = 2 + (unsigned)strlen(wrong) / 4;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        unsigned distance = types[i].type ? spelling_distance(wrong, types[i].type) : SPELLING_FAR;
        if (distance < least) {
            least = distance;
            best = types[i].type;
        }
    }
    if (best)
        buf_add_format(out, "did you mean `%s`? ", best);
    buf_add_string(out, "Known:");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type && !types[i].identifier)
            buf_add_format(out, " `%s`", types[i].type);
}
