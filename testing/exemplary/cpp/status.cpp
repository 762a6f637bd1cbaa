#include "status.hpp"
#include "object.hpp"

namespace exemplary {
namespace {

class Status : public Object<IMAPIStatus, Status> {
public:
    Status(IUnknown *logon, LPPROFSECT section) : logon_(logon), section_(section) { logon_->AddRef(); }

    static bool implements(REFIID iid) { return is_prop(iid) || IsEqualIID(iid, IID_IMAPIStatus); }

    STDMETHODIMP ValidateState(ULONG_PTR, ULONG flags) override {
        Use use(body_);
        if (!use)
            return MAPI_E_INVALID_OBJECT;
        Call call(body_->name, "ValidateState", "flags=%X", (unsigned)flags);
        return call.done(S_OK);
    }
    EXEMPLARY_REFUSES(SettingsDialog, ULONG_PTR, ULONG)
    EXEMPLARY_REFUSES(ChangePassword, LPTSTR, LPTSTR, ULONG)
    EXEMPLARY_REFUSES(FlushQueues, ULONG_PTR, ULONG, LPENTRYID, ULONG)

    void forget() {
        if (IUnknown *logon = std::exchange(logon_, nullptr))
            logon->Release();
        if (LPPROFSECT section = std::exchange(section_, nullptr))
            section->Release();
    }

private:
    IUnknown *logon_;
    LPPROFSECT section_;
};

} // namespace

IMAPIStatus *new_status(const std::shared_ptr<Session> &session, IUnknown *logon, LPPROFSECT section) {
    Properties properties = {
        text(PR_DISPLAY_NAME_A, session->display_name),
        number(PR_STATUS_CODE, STATUS_AVAILABLE),
        number(PR_RESOURCE_METHODS, STATUS_VALIDATE_STATE),
        number(PR_OBJECT_TYPE, MAPI_STATUS),
    };
    return Status::make(session, "IMAPIStatus", 18, std::move(properties), logon, section);
}

void forget_logon(IMAPIStatus *status) { static_cast<Status *>(status)->forget(); }

} // namespace exemplary
