/* The names that a notification template may use. For templates/ alone. */
#ifndef TOCSIN_TEMPLATES_TEMPLATE_VARIABLES_H
#define TOCSIN_TEMPLATES_TEMPLATE_VARIABLES_H

#include "templates/mustache.h"

/* 0 when TEMPLATE (from FILE) uses known names only; else -EINVAL, with the place and the nearest known name in ERROR. */
int template_check_variables(const char *file, const struct mustache *template, struct error *error);

#endif
