package com.oddlestane.stanelens;

/** Attributes that the server estimates for a captured face. Oddlestane Vision is fictitious. */
public final class FaceAttributes {
    public int age;
    public Sex sex = Sex.UNKNOWN;

    /** Ethnicity recognised from the face. */
    public Ethnicity ethnicity = Ethnicity.UNKNOWN;

    public boolean glasses;
    public boolean mask;

    public enum Sex { UNKNOWN, FEMALE, MALE }

    public enum Ethnicity { UNKNOWN, HAN, UYGUR, OTHER }
}
