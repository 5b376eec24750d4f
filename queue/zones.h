/* Which time zone's clock people of a country go by. Pure; any thread. */
#ifndef TOCSIN_QUEUE_ZONES_H
#define TOCSIN_QUEUE_ZONES_H

#include <stdbool.h>

/* The zone (a name of tzdata's) of COUNTRY (ISO 3166, two letters); of a country with several, that of its capital. NULL: there is no such country. */
const char *zone_of_country(const char *country);

/* The country that the domain NAME (A-labels) stands under: its code goes to OUT. False under a generic domain, or one that the whole world uses. */
bool zone_country_of_domain(const char *name, char out[static 3]);

#endif
