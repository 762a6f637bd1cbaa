//! Fast shutdown: the process is about to exit, and asks whether it may leave out the way down (lifecycle.md 6.6, OP-36).

use mapi_types::ErrorCode;

/// The setting `FastShutdownBehavior`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum FastShutdownBehavior {
    /// 0: allowed unless a provider objects.
    #[default]
    Allowed,
    /// 1: allowed if every provider implements the interface and agrees.
    OnlyIfAllAgree,
    /// 2: refused, and no provider is asked or told anything.
    Disabled,
}

impl From<u32> for FastShutdownBehavior {
    /// From the setting's number. One that is not known disables it, which is the careful choice.
    fn from(number: u32) -> Self {
        match number {
            0 => Self::Allowed,
            1 => Self::OnlyIfAllAgree,
            _ => Self::Disabled,
        }
    }
}

/// What a provider object has answered to QueryFastShutdown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FastAnswer {
    /// It does not implement IMAPIProviderShutdown.
    Lacks,
    /// It returned this.
    Returned(ErrorCode),
}

/// Whether fast shutdown is agreed on, for all sessions of the process. It makes no call itself, so that no lock is held
/// while providers are called: they are those of [`super::Plan::in_order`], session by session.
#[derive(Clone, Copy, Default, Debug)]
pub struct FastShutdown {
    behavior: FastShutdownBehavior,
    agreed: bool,
    told: bool,
}

impl FastShutdown {
    /// With this setting, and not agreed on.
    #[must_use]
    pub fn new(behavior: FastShutdownBehavior) -> Self {
        Self {
            behavior,
            ..Self::default()
        }
    }

    /// IMAPIClientShutdown::QueryFastShutdown begins. The answer is whether the providers are to be asked.
    #[must_use]
    pub fn asks_providers(&self) -> bool {
        self.behavior != FastShutdownBehavior::Disabled
    }

    /// QueryFastShutdown ends with these answers of all provider objects.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT: the client has to take the normal way down.
    pub fn conclude(&mut self, answers: &[FastAnswer]) -> Result<(), ErrorCode> {
        let agrees = |answer: &FastAnswer| match answer {
            FastAnswer::Lacks => self.behavior == FastShutdownBehavior::Allowed,
            FastAnswer::Returned(code) => !code.is_error(),
        };
        self.agreed = self.asks_providers() && answers.iter().all(agrees);
        match self.agreed {
            true => Ok(()),
            false => Err(ErrorCode::NO_SUPPORT),
        }
    }

    /// NotifyProcessShutdown. The answer is whether the providers are to be told; they are told once.
    #[must_use]
    pub fn tells_providers(&mut self) -> bool {
        self.asks_providers() && !std::mem::replace(&mut self.told, true)
    }

    /// DoFastShutdown: whether it may be done. If so, each provider's DoFastShutdown is called, whatever the others return; after
    /// that, nothing ([`super::Driver::freeze`]).
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT without a positive QueryFastShutdown before it. No provider is called, none is asked.
    pub fn may_be_done(&mut self) -> Result<(), ErrorCode> {
        match std::mem::take(&mut self.agreed) {
            true => Ok(()),
            false => Err(ErrorCode::NO_SUPPORT),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YES: FastAnswer = FastAnswer::Returned(ErrorCode::OK);
    const NO: FastAnswer = FastAnswer::Returned(ErrorCode::NO_SUPPORT);
    const LACKS: FastAnswer = FastAnswer::Lacks;
    const REFUSED: Result<(), ErrorCode> = Err(ErrorCode::NO_SUPPORT);

    /// The table of lifecycle.md 6.6, for every combination of two providers.
    fn check(number: u32, expected: impl Fn(&[FastAnswer]) -> bool) {
        for one in [YES, NO, LACKS] {
            for two in [YES, NO, LACKS] {
                let mut fast = FastShutdown::new(number.into());
                let answers = [one, two];
                let result = fast.conclude(&answers);
                assert_eq!(result.is_ok(), expected(&answers), "{number}: {answers:?}");
                assert_eq!(fast.may_be_done(), result);
            }
        }
    }

    #[test]
    fn life_fast_002_setting_0_one_refusal_is_enough() {
        check(0, |answers| !answers.contains(&NO));
        assert_eq!(FastShutdown::default().conclude(&[]), Ok(()));
    }

    #[test]
    fn life_fast_003_setting_1_all_have_to_agree() {
        check(1, |answers| answers.iter().all(|answer| *answer == YES));
    }

    #[test]
    fn life_fast_004_setting_2_nobody_is_asked_or_told() {
        check(2, |_| false);
        let mut fast = FastShutdown::new(2.into());
        assert!(!fast.asks_providers());
        assert!(!fast.tells_providers());
    }

    #[test]
    fn life_fast_005_providers_are_told_once() {
        let mut fast = FastShutdown::default();
        assert!(fast.tells_providers());
        assert!(!fast.tells_providers());
    }

    #[test]
    fn life_fast_006_without_a_positive_query_nothing_is_done() {
        let mut fast = FastShutdown::default();
        assert_eq!(fast.may_be_done(), REFUSED);
        assert_eq!(fast.conclude(&[NO]), REFUSED);
        assert_eq!(fast.may_be_done(), REFUSED);
    }

    #[test]
    fn life_fast_010_the_last_answer_counts() {
        let mut fast = FastShutdown::default();
        assert_eq!(fast.conclude(&[YES]), Ok(()));
        assert_eq!(fast.conclude(&[NO]), REFUSED);
        assert_eq!(fast.may_be_done(), REFUSED);
    }
}
