/// What all mails have in common. The HTML is written for mail clients: tables, inline styles and
/// no external resources.
enum MailLayout {
  /// Prefix of plain text templates: values are inserted unescaped.
  static let plain = "{{% CONTENT_TYPE:TEXT}}"

  static let textFoot = """

    --\u{20}
    Account {{account}}. This is an automated message.

    """

  static func page(_ template: MailTemplate) -> String {
    "{{% CONTENT_TYPE:\(MailHTML.name)}}"
      + head(accent: template.accent, subject: template.subject) + template.html + foot
  }

  /// Words wider than a phone's screen break instead of pushing the amounts off it.
  private static let breaks = "word-break:break-word;overflow-wrap:anywhere"

  private static let font =
    "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"

  private static func head(accent: String, subject: String) -> String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light">
    <title>\(subject)</title>
    <style>@media (max-width:480px){.side{padding-left:20px!important;\
    padding-right:20px!important}.outer{padding:12px 6px!important}\
    .figure{font-size:24px!important}}</style>
    </head>
    <body style="margin:0;padding:0;background-color:#eef0f3;">
    <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" \
    style="background-color:#eef0f3;">
    <tr><td align="center" class="outer" style="padding:32px 12px;">
    <table role="presentation" width="560" cellpadding="0" cellspacing="0" border="0" \
    style="width:100%;max-width:560px;background-color:#ffffff;border-radius:8px;\(font);\
    font-size:15px;line-height:1.5;color:#1f2933;\(breaks);">
    <tr><td style="height:6px;line-height:6px;font-size:0;background-color:\(accent);\
    border-radius:8px 8px 0 0;">&nbsp;</td></tr>
    <tr><td class="side" style="padding:32px 36px 28px 36px;">

    """
  }

  private static let foot = """
    </td></tr>
    <tr><td class="side" style="padding:16px 36px 20px 36px;border-top:1px solid #e4e7eb;\
    font-size:12px;color:#66727f;">Account {{account}}. This is an automated message.</td></tr>
    </table>
    </td></tr>
    </table>
    </body>
    </html>

    """

  /// A label with a large figure below it.
  static func headline(_ label: String, _ figure: String) -> String {
    """
    <div style="font-size:14px;color:#66727f;">\(label)</div>
    <div class="figure" style="font-size:32px;line-height:1.25;font-weight:600;color:#1f2933;\
    padding:2px 0 18px 0;">\(figure)</div>

    """
  }

  static func paragraph(_ content: String) -> String {
    "<p style=\"margin:0 0 14px 0;\">\(content)</p>\n"
  }

  /// The invoice's lines and sums.
  static let figures = """
    <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" \
    style="margin:22px 0 6px 0;font-size:14px;">
    {{#lines}}
    <tr>
    <td style="padding:8px 12px 8px 0;border-top:1px solid #e4e7eb;\(breaks);">\
    {{label}}{{#note}}<br><span style="font-size:12px;color:#66727f;">{{note}}</span>{{/note}}</td>
    <td align="right" valign="top" style="padding:8px 0;border-top:1px solid #e4e7eb;\
    white-space:nowrap;">{{amount}}</td>
    </tr>
    {{/lines}}
    {{#sums}}
    <tr>
    <td style="padding:8px 12px 8px 0;border-top:1px solid #e4e7eb;color:#52606d;\
    \(breaks);">{{label}}</td>
    <td align="right" style="padding:8px 0;border-top:1px solid #e4e7eb;white-space:nowrap;\
    color:#52606d;">{{amount}}</td>
    </tr>
    {{/sums}}
    {{#totals}}
    <tr>
    <td style="padding:8px 12px 8px 0;border-top:1px solid #cbd2d9;font-weight:600;">{{label}}</td>
    <td align="right" style="padding:8px 0;border-top:1px solid #cbd2d9;font-weight:600;\
    white-space:nowrap;">{{amount}}</td>
    </tr>
    {{/totals}}
    </table>

    """
}
