#pragma once

#include "memory.hpp"

#include <MAPISPI.h>

namespace exemplary {

// A new provider object with one reference.
IMSProvider *new_store_provider(LPMALLOC malloc, const Allocators &memory);

} // namespace exemplary
