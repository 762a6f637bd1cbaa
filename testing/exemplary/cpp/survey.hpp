// Every method of a support object, called once.
#pragma once

#include "log.hpp"

#include <MAPISPI.h>

namespace exemplary {

// Calls all 44 slots in their order, with arguments that the methods accept, and writes down what each answers (LIFE-SUP-001).
void survey(LPMAPISUP support, Name name);

} // namespace exemplary
