/* What a name resolved to. Looked up by contact, kept by queue. */
#ifndef TOCSIN_BASE_HOST_ADDRESS_H
#define TOCSIN_BASE_HOST_ADDRESS_H

#include "daemon/base/ip.h"
#include "daemon/base/name.h"

struct host_address {
    char host[NAME_MAX_LENGTH + 1];
    char ip[IP_TEXT_SIZE];
};

#endif
