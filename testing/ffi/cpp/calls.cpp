#include "calls.hpp"

openmapi_ffi_call openmapi_ffi_last;
