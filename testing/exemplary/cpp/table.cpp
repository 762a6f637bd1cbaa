#include "table.hpp"
#include "object.hpp"

#include <algorithm>
#include <mutex>
#include <string.h>

namespace exemplary {
namespace {

class Table : public Held<IMAPITable, Table> {
public:
    Table(std::vector<ULONG> columns, Rows rows) : columns_(std::move(columns)), rows_(std::move(rows)) {}

    static bool implements(REFIID iid) { return IsEqualIID(iid, IID_IMAPITable); }

    STDMETHODIMP GetStatus(ULONG *status, ULONG *type) override {
        return answer("GetStatus", [&] {
            *status = TBLSTAT_COMPLETE;
            *type = TBLTYPE_SNAPSHOT;
            return S_OK;
        });
    }

    STDMETHODIMP SetColumns(LPSPropTagArray tags, ULONG) override {
        return answer("SetColumns", [&]() -> HRESULT {
            if (!tags)
                return MAPI_E_INVALID_PARAMETER;
            columns_.assign(tags->aulPropTag, tags->aulPropTag + tags->cValues);
            return S_OK;
        });
    }

    STDMETHODIMP QueryColumns(ULONG, LPSPropTagArray *tags) override {
        return answer("QueryColumns", [&]() -> HRESULT {
            LPSPropTagArray list;
            if (FAILED(memory().allocate(CbNewSPropTagArray(columns_.size()), (LPVOID *)&list)))
                return MAPI_E_NOT_ENOUGH_MEMORY;
            list->cValues = columns_.size();
            std::copy(columns_.begin(), columns_.end(), list->aulPropTag);
            *tags = list;
            return S_OK;
        });
    }

    STDMETHODIMP GetRowCount(ULONG, ULONG *count) override {
        return answer("GetRowCount", [&] {
            *count = rows_.size();
            return S_OK;
        });
    }

    STDMETHODIMP SeekRow(BOOKMARK origin, LONG rows, LONG *sought) override {
        return answer("SeekRow", [&]() -> HRESULT {
            LONG size = rows_.size(), from = position_;
            if (origin == BOOKMARK_BEGINNING)
                from = 0;
            else if (origin == BOOKMARK_END)
                from = size;
            else if (origin != BOOKMARK_CURRENT)
                return MAPI_E_INVALID_BOOKMARK;
            long long target = std::min<long long>(std::max<long long>((long long)from + rows, 0), size);
            position_ = target;
            if (sought)
                *sought = target - from;
            return S_OK;
        });
    }

    STDMETHODIMP QueryPosition(ULONG *row, ULONG *numerator, ULONG *denominator) override {
        return answer("QueryPosition", [&] {
            *row = *numerator = position_;
            *denominator = rows_.empty() ? 1 : rows_.size();
            return S_OK;
        });
    }

    STDMETHODIMP QueryRows(LONG count, ULONG flags, LPSRowSet *rows) override {
        return answer("QueryRows", [&] { return query_rows(count, flags, rows); });
    }

    // Nothing here takes time.
    STDMETHODIMP Abort() override {
        return answer("Abort", [] { return S_OK; });
    }

    STDMETHODIMP WaitForCompletion(ULONG, ULONG, ULONG *status) override {
        return answer("WaitForCompletion", [&] {
            if (status)
                *status = TBLSTAT_COMPLETE;
            return S_OK;
        });
    }

    EXEMPLARY_REFUSES(Advise, ULONG, LPMAPIADVISESINK, ULONG_PTR *)
    EXEMPLARY_REFUSES(Unadvise, ULONG_PTR)
    EXEMPLARY_REFUSES(SeekRowApprox, ULONG, ULONG)
    EXEMPLARY_REFUSES(FindRow, LPSRestriction, BOOKMARK, ULONG)
    EXEMPLARY_REFUSES(Restrict, LPSRestriction, ULONG)
    EXEMPLARY_REFUSES(CreateBookmark, BOOKMARK *)
    EXEMPLARY_REFUSES(FreeBookmark, BOOKMARK)
    EXEMPLARY_REFUSES(SortTable, LPSSortOrderSet, ULONG)
    EXEMPLARY_REFUSES(QuerySortOrder, LPSSortOrderSet *)
    EXEMPLARY_REFUSES(ExpandRow, ULONG, LPBYTE, ULONG, ULONG, LPSRowSet *, ULONG *)
    EXEMPLARY_REFUSES(CollapseRow, ULONG, LPBYTE, ULONG, ULONG *)
    EXEMPLARY_REFUSES(GetCollapseState, ULONG, ULONG, LPBYTE, ULONG *, LPBYTE *)
    EXEMPLARY_REFUSES(SetCollapseState, ULONG, ULONG, LPBYTE, BOOKMARK *)

    void abandon() {
        std::vector<ULONG>().swap(columns_);
        Rows().swap(rows_);
    }

private:
    template <class Work> HRESULT answer(const char *method, Work work) {
        Use use(body_);
        if (!use)
            return MAPI_E_INVALID_OBJECT;
        Call call(body_->name, method);
        std::lock_guard<std::mutex> lock(mutex_);
        return call.done(work());
    }

    HRESULT query_rows(LONG count, ULONG flags, LPSRowSet *result) {
        *result = nullptr;
        size_t begin = position_, end = position_;
        if (count >= 0)
            end = std::min(rows_.size(), begin + (size_t)count);
        else
            begin -= std::min<size_t>(begin, -(long long)count);
        LPSRowSet set;
        if (FAILED(memory().allocate(CbNewSRowSet(end - begin), (LPVOID *)&set)))
            return MAPI_E_NOT_ENOUGH_MEMORY;
        memset(set, 0, CbNewSRowSet(end - begin));
        for (size_t row = begin; row < end; row++) {
            // Each row is a block of its own, which whoever frees the set frees too.
            bool missing = false;
            SRow &copy = set->aRow[set->cRows];
            HRESULT copied = copy_row(memory(), rows_[row], columns_, 0, &copy.lpProps, &missing);
            if (FAILED(copied)) {
                for (ULONG i = 0; i < set->cRows; i++)
                    memory().free(set->aRow[i].lpProps);
                memory().free(set);
                return copied;
            }
            copy.cValues = columns_.size();
            set->cRows++;
        }
        if (!(flags & TBL_NOADVANCE))
            position_ = count >= 0 ? end : begin;
        *result = set;
        return S_OK;
    }

    const Allocators &memory() const { return body_->session->memory; }

    std::mutex mutex_;
    std::vector<ULONG> columns_;
    Rows rows_;
    size_t position_ = 0;
};

} // namespace

HRESULT new_table(const std::shared_ptr<Session> &session, const Properties &columns, Rows rows, LPMAPITABLE *table) {
    if (!table)
        return MAPI_E_INVALID_PARAMETER;
    std::vector<ULONG> tags;
    for (const Property &property : columns)
        tags.push_back(property.tag);
    *table = Table::make(session, "IMAPITable", 26, {}, std::move(tags), std::move(rows));
    return *table ? S_OK : MAPI_E_NOT_ENOUGH_MEMORY;
}

} // namespace exemplary
