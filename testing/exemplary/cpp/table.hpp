// A table that does not change.
#pragma once

#include "session.hpp"

namespace exemplary {

typedef std::vector<Properties> Rows;

// A new table with these rows. Its columns are the properties of `columns` until SetColumns says otherwise.
HRESULT new_table(const std::shared_ptr<Session> &session, const Properties &columns, Rows rows, LPMAPITABLE *table);

} // namespace exemplary
