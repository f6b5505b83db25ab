//! Money and other counted amounts: integers in the smallest unit, never floating point.
//!
//! Which unit a balance has is the policy's business; conversion between currencies is nobody's.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The largest amount one event may carry, in minor units: 10^15. Sums of thousands of such
/// amounts still fit 64 bits, so arithmetic after the check cannot overflow.
pub const LARGEST_AMOUNT: i64 = 1_000_000_000_000_000;

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

/// A currency code that ISO 4217 does not list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("«{code}» is no ISO 4217 currency code")]
pub struct UnknownCurrency {
    /// The code as it came.
    pub code: String,
}

impl Currency {
    /// The currency of an ISO 4217 alphabetic code, in capitals.
    ///
    /// # Errors
    /// When the list has no such code.
    pub fn parse(code: &str) -> Result<Self, UnknownCurrency> {
        let unknown = || UnknownCurrency { code: code.to_owned() };
        let &[a, b, c] = code.as_bytes() else { return Err(unknown()) };
        for (exponent, codes) in CURRENCIES {
            // Sorted, four bytes each: an event's currency is found without reading the list.
            if codes.as_bytes().as_chunks().0.binary_search(&[a, b, c, b' ']).is_ok() {
                return Ok(Self { code: [a, b, c], exponent: *exponent });
            }
        }
        Err(unknown())
    }

    /// The alphabetic code, such as `UZS`.
    #[must_use]
    pub fn code(&self) -> &str {
        // A code is made from a listed one only, and those are ASCII.
        std::str::from_utf8(&self.code).unwrap_or("???")
    }

    /// How many decimals the major unit has: 2 for EUR, 3 for TND, 0 for JPY.
    #[must_use]
    pub fn exponent(&self) -> u8 {
        self.exponent
    }
}

/// ISO 4217's active currencies by their minor-unit exponent (funds codes and metals left out),
/// in alphabetical order, each with a space after it.
const CURRENCIES: &[(u8, &str)] = &[
    (
        2,
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN \
         BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS \
         GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR \
         LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD \
         PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN \
         SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR \
         ZMW ZWG ",
    ),
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF "),
    (3, "BHD IQD JOD KWD LYD OMR TND "),
];

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&code).map_err(serde::de::Error::custom)
    }
}

/// An amount in the smallest unit of its currency, or of its balance (bytes, seconds, pieces).
///
/// Arithmetic saturates: amounts that come in are bounded by [`LARGEST_AMOUNT`], so it never does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MinorUnits(pub i64);

impl MinorUnits {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, which may be below zero.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The same amount with the other sign.
    #[must_use]
    pub fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// The amount, or zero where it is below.
    #[must_use]
    pub fn or_zero(self) -> Self {
        self.max(Self::ZERO)
    }

    /// Whether it is above zero.
    #[must_use]
    pub fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Written in major units with the currency's decimals: `12.30`.
    #[must_use]
    pub fn in_major(self, exponent: u8) -> String {
        Decimal { mantissa: self.0, scale: exponent }.to_string()
    }
}

impl std::iter::Sum for MinorUnits {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

/// An amount with its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// The amount, in the currency's minor units.
    pub minor_units: MinorUnits,
    /// The currency.
    pub currency: Currency,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.minor_units.in_major(self.currency.exponent), self.currency)
    }
}

/// A decimal number as people write it, exact: `mantissa` × 10^-`scale`.
///
/// Policies carry money so, in major units; it becomes minor units with an account's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i64,
    scale: u8,
}

/// A text that is no decimal number, or one with more digits than an amount may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("«{text}» is no decimal number of at most 15 digits")]
pub struct NotADecimal {
    /// The text as it came.
    pub text: String,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };

    /// A whole number.
    #[must_use]
    pub fn whole(number: i64) -> Self {
        Self { mantissa: number, scale: 0 }
    }

    /// Reads `-12.30`: digits, at most one point, no exponent.
    ///
    /// # Errors
    /// When the text is anything else, or has more than 15 digits.
    pub fn parse(text: &str) -> Result<Self, NotADecimal> {
        let fault = || NotADecimal { text: text.to_owned() };
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let count = whole.len().saturating_add(fraction.len());
        let ends_in_point = digits.ends_with('.');
        if whole.is_empty() || ends_in_point || count > 15 || !all_digits(whole) || !all_digits(fraction) {
            return Err(fault());
        }
        let unsigned: i64 = format!("{whole}{fraction}").parse().map_err(|_| fault())?;
        let scale = u8::try_from(fraction.len()).map_err(|_| fault())?;
        let mantissa = if negative { unsigned.saturating_neg() } else { unsigned };
        Ok(Self { mantissa, scale })
    }

    /// The same number scaled to `exponent` decimals, as an integer; `None` where digits would be
    /// lost or it does not fit.
    #[must_use]
    pub fn scaled_to(self, exponent: u8) -> Option<MinorUnits> {
        if self.scale <= exponent {
            let factor = 10_i64.checked_pow(u32::from(exponent.saturating_sub(self.scale)))?;
            return self.mantissa.checked_mul(factor).map(MinorUnits);
        }
        let divisor = 10_i64.checked_pow(u32::from(self.scale.saturating_sub(exponent)))?;
        let lost = self.mantissa.checked_rem(divisor)?;
        if lost != 0 {
            return None;
        }
        self.mantissa.checked_div(divisor).map(MinorUnits)
    }

    /// The number in the currency's minor units, digits beyond them cut off: how a policy written
    /// for one currency reads for an account in a currency with fewer decimals.
    #[must_use]
    pub fn cut_to(self, exponent: u8) -> MinorUnits {
        if let Some(exact) = self.scaled_to(exponent) {
            return exact;
        }
        let excess = u32::from(self.scale.saturating_sub(exponent));
        let divisor = 10_i64.checked_pow(excess).unwrap_or(i64::MAX);
        MinorUnits(self.mantissa.checked_div(divisor).unwrap_or(0))
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let (units, scale) = (self.mantissa.unsigned_abs(), usize::from(self.scale));
        if scale == 0 {
            return write!(f, "{sign}{units}");
        }
        // Where the scale is greater than any number of units has digits, all of it is fraction.
        let one = 10_u64.checked_pow(self.scale.into());
        let parts = one.and_then(|one| units.checked_div(one).zip(units.checked_rem(one)));
        let (whole, fraction) = parts.unwrap_or((0, units));
        write!(f, "{sign}{whole}.{fraction:0scale$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_currency_is_found_and_nothing_else() {
        for (exponent, codes) in CURRENCIES {
            for code in codes.split_terminator(' ') {
                assert_eq!(Currency::parse(code).unwrap().exponent(), *exponent, "{code}");
            }
        }
        for code in ["", "US", "usd", "USDX", "XXX", " US", "€UR"] {
            assert!(Currency::parse(code).is_err(), "{code}");
        }
    }

    #[track_caller]
    fn check(text: &str, exponent: u8, minor_units: Option<i64>) {
        let decimal = Decimal::parse(text).unwrap();
        assert_eq!(decimal.scaled_to(exponent), minor_units.map(MinorUnits), "{text}");
    }

    #[test]
    fn a_decimal_becomes_minor_units_exactly_or_not_at_all() {
        check("249.95", 2, Some(24_995));
        check("249.95", 3, Some(249_950));
        check("249.95", 0, None);
        check("249.00", 0, Some(249));
        check("-0.05", 2, Some(-5));
        check("10", 0, Some(10));
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for text in ["", ".5", "5.", "1e3", "1,5", "+1", "1234567890123456", "--1", "0x1"] {
            assert!(Decimal::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_decimal_is_written_as_it_was_read() {
        for text in ["249.95", "0.05", "-0.05", "10", "-12.300"] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn currencies_know_their_decimals() {
        for (code, exponent) in [("EUR", 2), ("TND", 3), ("JPY", 0), ("UZS", 2)] {
            assert_eq!(Currency::parse(code).unwrap().exponent(), exponent);
        }
        for code in ["", "EU", "eur", "XXX", "EURO", "ДЕН"] {
            assert!(Currency::parse(code).is_err(), "{code}");
        }
    }
}
