/* The one file that defines the identifiers. */
#define INITGUID
#include "all.h"
