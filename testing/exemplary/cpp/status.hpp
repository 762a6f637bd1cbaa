// The status object of a logon. It holds a reference on the logon object, and the logon one on it (LIFE-STATUS-010).
#pragma once

#include "session.hpp"

namespace exemplary {

// A status object with one reference, the logon's. It takes over `section` and adds a reference to `logon`. Null: no memory.
IMAPIStatus *new_status(const std::shared_ptr<Session> &session, IUnknown *logon, LPPROFSECT section);

// Drops what the status object holds on logon and profile section.
void forget_logon(IMAPIStatus *status);

} // namespace exemplary
