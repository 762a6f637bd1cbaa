#pragma once

#include "memory.hpp"

#include <MAPISPI.h>

namespace exemplary {

// A new provider object with one reference.
IABProvider *new_address_book_provider(LPMALLOC malloc, const Allocators &memory);

} // namespace exemplary
