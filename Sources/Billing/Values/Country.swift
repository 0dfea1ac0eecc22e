/// Country codes: ISO 3166-1 alpha-2. A code decides which tax applies, so one that only looks like
/// a country's would be an invoice without tax.
public enum Country {
  /// Why a code is not valid, for the end of a sentence that names it; `nil` for a country's code.
  public static func fault(_ code: String) -> String? {
    if codes.contains(code) { return nil }
    let capitals = code.uppercased()
    if capitals != code, fault(capitals) == nil {
      return "is not a country code in capital letters: write \"\(capitals)\""
    }
    if let meant = meant[capitals] { return "is not an ISO 3166 country code: \(meant)" }
    return "is not an ISO 3166 country code (like CH)"
  }

  /// XK is one of the codes that the standard leaves to its users. Everybody uses it for Kosovo,
  /// which has no other.
  private static let codes = Set(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ \
    BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM \
    DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS \
    GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
    KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ \
    MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI \
    VN VU WF WS YE YT ZA ZM ZW XK
    """.split(separator: " ").map(String.init))

  /// Codes that people write for a country, and what to write.
  private static let meant: [String: String] = [
    "UK": "write GB for the United Kingdom", "EL": "write GR for Greece",
    "XI": "write GB for Northern Ireland", "EU": "write the country's own code",
    "AN": "the Netherlands Antilles are now BQ, CW or SX", "CS": "write RS or ME",
    "YU": "write RS or ME", "SU": "write the country's own code, RU for Russia",
    "DD": "write DE", "TP": "write TL for Timor-Leste", "ZR": "write CD", "BU": "write MM",
    "FX": "write FR", "NT": "write IQ or SA", "XX": "it is not assigned to a country",
    "ZZ": "it is not assigned to a country", "AA": "it is not assigned to a country",
    "CHE": "write CH", "DEU": "write DE", "AUT": "write AT", "FRA": "write FR", "ITA": "write IT",
    "GBR": "write GB", "USA": "write US", "LIE": "write LI", "ESP": "write ES", "NLD": "write NL",
  ]
}
