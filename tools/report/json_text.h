/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_REPORT_JSON_TEXT_H
#define TOOLS_REPORT_JSON_TEXT_H

#include <json-c/json.h>

/* Text from a file may hold any bytes: those that are not UTF-8 become U+FFFD. NULL gives null. */
struct json_object *report_text(const char *s);

#endif
