// The interface identifiers.

#define INITGUID
#include <MAPISPI.h>
