/* Logs on to the default profile, lists the folders of the default store and the messages of its Inbox, reads the first
   one, and logs off. Each object is released and each buffer freed on every path, also when a call fails. */
#include <MAPIUtil.h>
#include <stdio.h>

static const SizedSPropTagArray(1, store_columns) = {1, {PR_ENTRYID}};
static const SizedSPropTagArray(2, folder_columns) = {2, {PR_DISPLAY_NAME_A, PR_CONTENT_COUNT}};
static const SizedSPropTagArray(2, message_columns) = {2, {PR_ENTRYID, PR_SUBJECT_A}};

/* HrQueryAllRows does not change the columns; MAPI's type does not say so. */
#define COLUMNS(array) ((LPSPropTagArray)&(array))

/* The text of a column; a column the provider does not have comes with the type PT_ERROR. */
static const char *text(const SPropValue *value) {
    return PROP_TYPE(value->ulPropTag) == PT_STRING8 ? value->Value.lpszA : "(none)";
}

static HRESULT open_default_store(LPMAPISESSION session, LPMDB *store) {
    LPMAPITABLE table = NULL;
    LPSRowSet rows = NULL;
    SPropValue yes;
    SRestriction only_default;
    HRESULT hr = session->lpVtbl->GetMsgStoresTable(session, 0, &table);
    if (FAILED(hr)) return hr;
    yes.ulPropTag = PR_DEFAULT_STORE;
    yes.Value.b = TRUE;
    only_default.rt = RES_PROPERTY;
    only_default.res.resProperty.relop = RELOP_EQ;
    only_default.res.resProperty.ulPropTag = PR_DEFAULT_STORE;
    only_default.res.resProperty.lpProp = &yes;
    hr = HrQueryAllRows(table, COLUMNS(store_columns), &only_default, NULL, 0, &rows);
    table->lpVtbl->Release(table);
    if (FAILED(hr)) return hr;
    if (rows->cRows == 0) {
        hr = MAPI_E_NOT_FOUND;
    } else {
        SBinary id = rows->aRow[0].lpProps[0].Value.bin;
        hr = session->lpVtbl->OpenMsgStore(session, 0, id.cb, (LPENTRYID)id.lpb, NULL,
                                           MAPI_BEST_ACCESS | MDB_NO_DIALOG, store);
    }
    FreeProws(rows);
    return hr;
}

static HRESULT list_folders(LPMDB store) {
    LPSPropValue top = NULL;
    LPMAPIFOLDER folder = NULL;
    LPMAPITABLE table = NULL;
    LPSRowSet rows = NULL;
    ULONG type = 0, row;
    HRESULT hr = HrGetOneProp((LPMAPIPROP)store, PR_IPM_SUBTREE_ENTRYID, &top);
    if (FAILED(hr)) return hr;
    hr = store->lpVtbl->OpenEntry(store, top->Value.bin.cb, (LPENTRYID)top->Value.bin.lpb, NULL, 0, &type,
                                  (LPUNKNOWN *)&folder);
    MAPIFreeBuffer(top);
    if (FAILED(hr)) return hr;
    hr = folder->lpVtbl->GetHierarchyTable(folder, 0, &table);
    folder->lpVtbl->Release(folder);
    if (FAILED(hr)) return hr;
    hr = HrQueryAllRows(table, COLUMNS(folder_columns), NULL, NULL, 0, &rows);
    table->lpVtbl->Release(table);
    if (FAILED(hr)) return hr;
    for (row = 0; row < rows->cRows; row++) {
        const SPropValue *values = rows->aRow[row].lpProps;
        ULONG messages = values[1].ulPropTag == PR_CONTENT_COUNT ? (ULONG)values[1].Value.l : 0;
        printf("folder %s: %u\n", text(&values[0]), messages);
    }
    FreeProws(rows);
    return S_OK;
}

static HRESULT read_message(LPMDB store, SBinary id) {
    LPMESSAGE message = NULL;
    LPSPropValue body = NULL;
    ULONG type = 0;
    HRESULT hr = store->lpVtbl->OpenEntry(store, id.cb, (LPENTRYID)id.lpb, NULL, 0, &type, (LPUNKNOWN *)&message);
    if (FAILED(hr)) return hr;
    /* A long body answers MAPI_E_NOT_ENOUGH_MEMORY here and is read with OpenProperty and IStream instead. */
    hr = HrGetOneProp((LPMAPIPROP)message, PR_BODY_A, &body);
    message->lpVtbl->Release(message);
    if (FAILED(hr)) return hr;
    printf("body %s\n", body->Value.lpszA);
    MAPIFreeBuffer(body);
    return S_OK;
}

static HRESULT list_inbox(LPMDB store) {
    ULONG size = 0, type = 0, row;
    LPENTRYID id = NULL;
    LPMAPIFOLDER folder = NULL;
    LPMAPITABLE table = NULL;
    LPSRowSet rows = NULL;
    HRESULT hr = store->lpVtbl->GetReceiveFolder(store, NULL, 0, &size, &id, NULL);
    if (FAILED(hr)) return hr;
    hr = store->lpVtbl->OpenEntry(store, size, id, NULL, 0, &type, (LPUNKNOWN *)&folder);
    MAPIFreeBuffer(id);
    if (FAILED(hr)) return hr;
    hr = folder->lpVtbl->GetContentsTable(folder, 0, &table);
    folder->lpVtbl->Release(folder);
    if (FAILED(hr)) return hr;
    hr = HrQueryAllRows(table, COLUMNS(message_columns), NULL, NULL, 0, &rows);
    table->lpVtbl->Release(table);
    if (FAILED(hr)) return hr;
    for (row = 0; row < rows->cRows; row++) printf("message %s\n", text(&rows->aRow[row].lpProps[1]));
    if (rows->cRows > 0) hr = read_message(store, rows->aRow[0].lpProps[0].Value.bin);
    FreeProws(rows);
    return hr;
}

static HRESULT work(LPMAPISESSION session) {
    LPMDB store = NULL;
    HRESULT hr = open_default_store(session, &store);
    if (FAILED(hr)) return hr;
    hr = list_folders(store);
    if (SUCCEEDED(hr)) hr = list_inbox(store);
    store->lpVtbl->Release(store);
    return hr;
}

int main(void) {
    LPMAPISESSION session = NULL;
    HRESULT hr = MAPIInitialize(NULL);
    if (FAILED(hr)) return 1;
    hr = MAPILogonEx(0, NULL, NULL, MAPI_EXTENDED | MAPI_USE_DEFAULT | MAPI_NEW_SESSION, &session);
    if (SUCCEEDED(hr)) {
        hr = work(session);
        session->lpVtbl->Logoff(session, 0, 0, 0);
        session->lpVtbl->Release(session);
    }
    MAPIUninitialize();
    if (FAILED(hr)) fprintf(stderr, "failed: 0x%08X\n", (unsigned)hr);
    return FAILED(hr) ? 1 : 0;
}
