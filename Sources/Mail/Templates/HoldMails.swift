extension MailTemplate {
  static let held = MailTemplate(
    accent: "#b91c1c",
    subject: "Your account is on hold: {{open}} for {{period}} is overdue",
    text: """
      Hello {{name}},

      {{open}} of invoice {{invoiceNumber}} ({{period}}) has not been paid\
      {{#dueDate}}; it was due on {{dueDate}}{{/dueDate}}. \
      We have therefore put your account on hold.

      We will lift the hold automatically when we receive your payment.

      """,
    html: MailLayout.headline("Your account is on hold", "{{open}} is overdue")
      + MailLayout.paragraph("Hello {{name}},")
      + MailLayout.paragraph(
        "<strong>{{open}}</strong> of invoice {{invoiceNumber}} ({{period}}) has not been paid"
          + "{{#dueDate}}; it was due on {{dueDate}}{{/dueDate}}. "
          + "We have therefore put your account on hold.")
      + MailLayout.paragraph(
        "We will lift the hold automatically when we receive your payment."))

  static let released = MailTemplate(
    accent: "#15803d",
    subject: "Your account is active again",
    text: """
      Hello {{name}},

      Invoice {{invoiceNumber}} ({{period}}) has been paid, \
      and your account is no longer on hold. Thank you.

      """,
    html: MailLayout.headline("Thank you", "Your account is active again")
      + MailLayout.paragraph("Hello {{name}},")
      + MailLayout.paragraph(
        "Invoice {{invoiceNumber}} ({{period}}) has been paid, "
          + "and your account is no longer on hold."))
}
