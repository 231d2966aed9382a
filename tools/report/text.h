#ifndef TOOLS_REPORT_TEXT_H
#define TOOLS_REPORT_TEXT_H

#include "tools/report/facts.h"

/* explain on a terminal. `listing`: with source lines and instructions. */
void rep_text(struct rep_facts *f, bool listing);

#endif
